import type { DeviceView } from "../../hub/page/page-types.ts";
import type { Column } from "../list/row-list.tsx";
import { Ago } from "../shared/time.tsx";
import { visibleLine } from "../shared/visible-text.ts";
import { ConnectionBadge } from "./connection-badge.tsx";
import { QueueLevel } from "./queue-level.tsx";

export const DEVICE_ROW_HEIGHTS = { narrow: 78, wide: 44 };

export function deviceColumns(nowMs: number, queueDepth: number): readonly Column<DeviceView>[] {
  return [
    { name: "device", label: "Device", cell: ({ deviceId }) => visibleLine(deviceId) },
    {
      name: "connection",
      label: "Connection",
      cell: (device) => <ConnectionBadge device={device} nowMs={nowMs} />,
    },
    {
      name: "queue",
      label: "Queue",
      cell: (device) => <QueueLevel device={device} queueDepth={queueDepth} />,
    },
    {
      name: "activity",
      label: "Last activity",
      cell: ({ lastActivityMs }) =>
        lastActivityMs === undefined ? (
          <span class="faint">never</span>
        ) : (
          <Ago timeMs={lastActivityMs} nowMs={nowMs} />
        ),
    },
  ];
}
