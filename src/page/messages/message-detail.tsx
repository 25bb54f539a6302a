import type { MessageView } from "../../hub/page/page-types.ts";
import { Content } from "../content/content.tsx";
import { DetailPanel } from "../list/detail-panel.tsx";
import { StateBadge } from "../shared/state-badge.tsx";
import { visibleLine } from "../shared/visible-text.ts";
import { routeHash } from "../state/route-hash.ts";
import { Timeline } from "./timeline.tsx";

interface Properties {
  readonly message: MessageView;
  readonly nowMs: number;
  onClose(): void;
}

export function MessageDetail({ message, nowMs, onClose }: Properties) {
  const { key, deviceId, messageId, sequenceNumber, state } = message;
  return (
    <DetailPanel
      label="Message"
      id={messageId}
      fallback={`Without id, number ${sequenceNumber}`}
      onClose={onClose}
    >
      <p class="detail-facts">
        <StateBadge {...state} />
        <span>
          to{" "}
          <a
            class="mono"
            href={routeHash({ view: "devices", parameters: { device: deviceId, open: deviceId } })}
          >
            {visibleLine(deviceId)}
          </a>
        </span>
      </p>
      <Timeline message={message} nowMs={nowMs} />
      <Content key={key} list="messages" rowKey={key} />
    </DetailPanel>
  );
}
