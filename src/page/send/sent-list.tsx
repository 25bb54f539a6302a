import { StateBadge } from "../shared/state-badge.tsx";
import { Time } from "../shared/time.tsx";
import { visibleLine } from "../shared/visible-text.ts";
import { useHub } from "../state/hub-context.ts";
import { routeHash } from "../state/route-hash.ts";

export interface SentMessage {
  /** In the list alone. */
  readonly n: number;
  readonly deviceId: string;
  readonly messageId: string | undefined;
  readonly timeMs: number;
}

/** What became of the messages of this form. */
export function SentList({ sent }: { readonly sent: readonly SentMessage[] }) {
  const { messages, nowMs } = useHub();
  return (
    <ul class="sent" aria-live="polite">
      {sent.map((one) => {
        const message = messages.find(
          ({ deviceId, messageId }) =>
            deviceId === one.deviceId && messageId === one.messageId && messageId !== undefined,
        );
        const parameters = message
          ? { open: message.key }
          : { device: one.deviceId, text: one.messageId };
        return (
          <li key={one.n}>
            <a href={routeHash({ view: "messages", parameters })}>
              <span class="mono">{visibleLine(one.messageId ?? "a message")}</span> to{" "}
              <span class="mono">{visibleLine(one.deviceId)}</span>
            </a>
            <span class="sent-state">
              {message ? <StateBadge {...message.state} /> : <span class="faint">Sent</span>}
              <Time timeMs={one.timeMs} nowMs={nowMs} />
            </span>
          </li>
        );
      })}
    </ul>
  );
}
