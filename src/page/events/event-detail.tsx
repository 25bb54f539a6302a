import type { TelemetryView } from "../../hub/page/page-types.ts";
import { Content } from "../content/content.tsx";
import { DetailPanel } from "../list/detail-panel.tsx";
import { DeviceLink } from "../list/device-link.tsx";
import { Time } from "../shared/time.tsx";
import { visibleLine } from "../shared/visible-text.ts";

interface Properties {
  readonly event: TelemetryView;
  readonly nowMs: number;
  onClose(): void;
}

export function EventDetail({ event, nowMs, onClose }: Properties) {
  const { key, deviceId, messageId, partitionId, sequenceNumber, timeMs } = event;
  return (
    <DetailPanel
      label="Event"
      id={messageId}
      fallback={`Without id, number ${sequenceNumber}`}
      onClose={onClose}
    >
      <p class="detail-facts">
        <span>
          from <DeviceLink deviceId={deviceId} />
        </span>
        <Time timeMs={timeMs} nowMs={nowMs} />
        <span>
          partition {visibleLine(partitionId)}, number {sequenceNumber}
        </span>
      </p>
      <Content key={key} list="events" rowKey={key} />
    </DetailPanel>
  );
}
