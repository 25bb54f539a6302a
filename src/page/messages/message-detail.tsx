import type { MessageView } from "../../hub/page/page-types.ts";
import { Content } from "../content/content.tsx";
import { DetailPanel } from "../list/detail-panel.tsx";
import { DeviceLink } from "../list/device-link.tsx";
import { StateBadge } from "../shared/state-badge.tsx";
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
          to <DeviceLink deviceId={deviceId} />
        </span>
      </p>
      <Timeline message={message} nowMs={nowMs} />
      <Content key={key} list="messages" rowKey={key} />
    </DetailPanel>
  );
}
