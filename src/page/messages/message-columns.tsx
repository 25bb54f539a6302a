import type { MessageView } from "../../hub/page/page-types.ts";
import type { Column } from "../list/row-list.tsx";
import { StateBadge } from "../shared/state-badge.tsx";
import { Time } from "../shared/time.tsx";
import { visibleLine } from "../shared/visible-text.ts";

export const MESSAGE_ROW_HEIGHTS = { narrow: 78, wide: 40 };

export function messageColumns(nowMs: number): readonly Column<MessageView>[] {
  return [
    {
      name: "time",
      label: "Time",
      cell: ({ steps: [first] }) => first && <Time timeMs={first.timeMs} nowMs={nowMs} />,
    },
    {
      name: "state",
      label: "State",
      cell: ({ state }) => <StateBadge {...state} />,
    },
    { name: "device", label: "Device", cell: ({ deviceId }) => visibleLine(deviceId) },
    {
      name: "id",
      label: "Message id",
      cell: ({ messageId, sequenceNumber }) =>
        messageId ? visibleLine(messageId) : <span class="faint">no id, #{sequenceNumber}</span>,
    },
    {
      name: "preview",
      label: "Body",
      cell: ({ preview, bytes }) => (preview ? visibleLine(preview) : <BodySize bytes={bytes} />),
    },
  ];
}

function BodySize({ bytes }: { readonly bytes: number | undefined }) {
  if (bytes === undefined) return <span class="faint">no longer kept</span>;
  return <span class="faint">{bytes === 0 ? "empty" : `${bytes} bytes, not text`}</span>;
}
