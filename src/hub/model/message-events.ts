import { formatUtc } from "../../core/encodings.ts";
import type { Message } from "../../core/message.ts";
import type { Entry, Transition } from "../../core/queue-entry.ts";
import type { HubEvent, MessageRef, SettledOutcome } from "./events.ts";

export function toEvents(deviceId: string, transition: Transition<Message>): HubEvent[] {
  const { entry } = transition;
  const ref = messageRef(deviceId, entry);
  const outcome = settledOutcome(transition);
  const settled: HubEvent[] = outcome ? [{ type: "settled", ...ref, outcome }] : [];
  switch (transition.type) {
    case "enqueued":
      return [{ type: "enqueued", ...ref, expiryTimeUtc: formatUtc(entry.expiryTimeMs) }];
    case "delivered":
      return [{ type: "delivered", ...ref, deliveryCount: entry.deliveryCount }];
    case "requeued":
      return [...settled, { type: "requeued", ...ref, reason: transition.reason }];
    case "completed":
      return settled;
    case "deadLettered":
      return [...settled, { type: "deadLettered", ...ref, reason: transition.reason }];
  }
}

/** Undefined if time, a lost connection or a purge caused the transition. */
function settledOutcome(transition: Transition<Message>): SettledOutcome | undefined {
  if (transition.type === "completed") return "completed";
  if (transition.type === "requeued" && transition.reason === "abandoned") return "abandoned";
  if (transition.type !== "deadLettered") return undefined;
  if (transition.reason === "Rejected") return "rejected";
  return transition.reason === "DeliveryCountExceeded" ? "abandoned" : undefined;
}

function messageRef(deviceId: string, { sequenceNumber, payload }: Entry<Message>): MessageRef {
  const { messageId } = payload.system;
  return messageId === undefined
    ? { deviceId, sequenceNumber }
    : { deviceId, sequenceNumber, messageId };
}
