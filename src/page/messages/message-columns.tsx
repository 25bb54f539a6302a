import type { MessageView, StepView } from "../../hub/page/page-types.ts";
import type { Column } from "../list/row-list.tsx";
import { Icon } from "../shared/icons.tsx";
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
      cell: (message) => <RowState message={message} />,
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

/** With what tells at a glance: that it went back to the queue, that its sender got feedback. */
function RowState({ message: { state, steps } }: { readonly message: MessageView }) {
  const last = steps.findLast(({ kind }) => kind === state.kind);
  const wentBack = state.kind === "abandoned" || state.kind === "lockLost";
  const feedback = steps.find(({ kind }) => kind === "feedback");
  return (
    <span class="row-state">
      <StateBadge {...state} />
      {wentBack && last && <span class="faint went-back">{visibleLine(last.label)}</span>}
      {feedback && (
        <span class="row-feedback" title={describe(feedback)}>
          <Icon name="feedback" />
          <span class="hidden">{describe(feedback)}</span>
        </span>
      )}
    </span>
  );
}

function describe({ label, detail }: StepView): string {
  return visibleLine(detail ? `${label}: ${detail}` : label);
}

function BodySize({ bytes }: { readonly bytes: number | undefined }) {
  if (bytes === undefined) return <span class="faint">no longer kept</span>;
  return <span class="faint">{bytes === 0 ? "empty" : `${bytes} bytes, not text`}</span>;
}
