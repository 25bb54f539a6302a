import type { TelemetryView } from "../../hub/page/page-types.ts";
import type { Column } from "../list/row-list.tsx";
import { Time } from "../shared/time.tsx";
import { visibleLine } from "../shared/visible-text.ts";

export const EVENT_ROW_HEIGHTS = { narrow: 78, wide: 40 };

export function eventColumns(nowMs: number): readonly Column<TelemetryView>[] {
  return [
    { name: "time", label: "Time", cell: ({ timeMs }) => <Time timeMs={timeMs} nowMs={nowMs} /> },
    { name: "device", label: "Device", cell: ({ deviceId }) => visibleLine(deviceId) },
    {
      name: "position",
      label: "Partition",
      cell: ({ partitionId, sequenceNumber }) => (
        <>
          {visibleLine(partitionId)} <span class="faint">#{sequenceNumber}</span>
        </>
      ),
    },
    {
      name: "id",
      label: "Message id",
      cell: ({ messageId }) =>
        messageId ? visibleLine(messageId) : <span class="faint">no id</span>,
    },
    {
      name: "preview",
      label: "Body",
      cell: ({ preview, bytes = 0 }) =>
        preview ? visibleLine(preview) : <span class="faint">{bytes} bytes</span>,
    },
  ];
}
