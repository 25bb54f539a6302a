/** What has happened to one message, and in which words the page says it. */

import type { Ack, Message } from "../../../core/message.ts";
import type { DeadLetterReason, RequeueReason } from "../../../core/queue-entry.ts";
import type { HubEvent, MessageRef } from "../../model/events.ts";
import type { MessageState, MessageView, StepKind, StepView } from "../page-types.ts";
import { previewOf } from "./preview.ts";

export interface MessageLife {
  readonly key: string;
  readonly ref: MessageRef;
  readonly expiryMs: number;
  readonly ack: Ack | undefined;
  readonly preview: string | undefined;
  readonly bytes: number | undefined;
  readonly steps: StepView[];
  deliveries: number;
  /** The kind of its last step other than feedback. */
  kind: StepKind;
}

export type FeedbackEvent = Extract<HubEvent, { type: "feedback" }>;

/** An event in the life of a message that is in a queue. */
export type LifeEvent = Extract<
  HubEvent,
  { type: "delivered" | "requeued" | "settled" | "deadLettered" }
>;

const DEAD_LETTERS = {
  Rejected: "rejected",
  Expired: "expired",
  DeliveryCountExceeded: "deliveryCountExceeded",
  Purged: "purged",
} as const satisfies Record<DeadLetterReason, StepKind>;

const LABELS: Readonly<Record<StepKind, string>> = {
  enqueued: "Enqueued",
  delivered: "Delivered",
  abandoned: "Abandoned",
  lockLost: "Lock lost",
  completed: "Completed",
  rejected: "Rejected",
  expired: "Expired",
  deliveryCountExceeded: "Delivery count exceeded",
  purged: "Purged",
  feedback: "Feedback",
};

const REQUEUES = {
  abandoned: { kind: "abandoned", detail: "back in the queue" },
  lockTimeout: { kind: "lockLost", detail: "not settled in time; back in the queue" },
  disconnected: { kind: "lockLost", detail: "the connection ended; back in the queue" },
} as const satisfies Record<RequeueReason, Pick<StepView, "kind" | "detail">>;

const STATE_LABELS: Readonly<Record<StepKind, string>> = {
  enqueued: "Enqueued",
  delivered: "Invisible",
  abandoned: "Enqueued",
  lockLost: "Enqueued",
  completed: "Completed",
  rejected: "Dead-lettered: Rejected",
  expired: "Dead-lettered: Expired",
  deliveryCountExceeded: "Dead-lettered: DeliveryCountExceeded",
  purged: "Dead-lettered: Purged",
  feedback: "",
};

const WAITING: readonly StepKind[] = ["enqueued", "delivered", "abandoned", "lockLost"];

export function startLife(
  arrival: Pick<MessageLife, "key" | "ref" | "expiryMs"> & {
    readonly timeMs: number;
    readonly message: Message | undefined;
  },
): MessageLife {
  const { key, ref, expiryMs, timeMs, message } = arrival;
  return {
    key,
    ref,
    expiryMs,
    ack: message?.system.ack,
    preview: message && previewOf(message.body),
    bytes: message?.body.length,
    steps: [{ kind: "enqueued", label: LABELS.enqueued, timeMs }],
    deliveries: 0,
    kind: "enqueued",
  };
}

export function isWaiting({ kind }: MessageLife): boolean {
  return WAITING.includes(kind);
}

/** @returns Whether the page shows it: two events may be one step. */
export function addStep(life: MessageLife, event: LifeEvent, timeMs: number): boolean {
  switch (event.type) {
    case "delivered":
      life.deliveries += 1;
      return add(life, "delivered", timeMs, life.deliveries > 1 ? again(life) : undefined);
    case "requeued":
      // The settlement said so already.
      if (event.reason === "abandoned" && life.steps.at(-1)?.kind === "abandoned") life.steps.pop();
      return add(life, REQUEUES[event.reason].kind, timeMs, REQUEUES[event.reason].detail);
    case "settled":
      if (event.outcome === "completed") return add(life, "completed", timeMs);
      return event.outcome === "abandoned" && add(life, "abandoned", timeMs);
    case "deadLettered":
      return add(life, DEAD_LETTERS[event.reason], timeMs, "dead-lettered");
  }
}

export function addFeedback({ steps }: MessageLife, event: FeedbackEvent, timeMs: number): void {
  steps.push({ kind: "feedback", label: LABELS.feedback, timeMs, detail: event.statusCode });
}

/** Not an outcome of the queue: no feedback follows. */
export function addDrop(life: MessageLife, timeMs: number): void {
  add(life, "purged", timeMs, "the device was deleted");
}

function add(life: MessageLife, kind: StepKind, timeMs: number, detail?: string): true {
  life.steps.push({ kind, label: LABELS[kind], timeMs, ...(detail && { detail }) });
  life.kind = kind;
  return true;
}

function again({ deliveries }: MessageLife): string {
  return `delivery ${deliveries}`;
}

/** @param lockedUntilMs While a receiver has it locked. */
export function toMessageView(life: MessageLife, lockedUntilMs: number | undefined): MessageView {
  const { key, ref, preview, bytes, steps } = life;
  const next = isWaiting(life) ? nextOf(life, lockedUntilMs) : undefined;
  return {
    key,
    ...ref,
    state: stateOf(life),
    ...(next && { next }),
    steps,
    ...(preview !== undefined && { preview }),
    ...(bytes !== undefined && { bytes }),
  };
}

function stateOf({ kind }: MessageLife): MessageState {
  return { kind, label: STATE_LABELS[kind] };
}

/** The lock and the expiry: whichever ends first. */
function nextOf(
  { expiryMs }: MessageLife,
  lockedUntilMs = Number.POSITIVE_INFINITY,
): MessageView["next"] {
  return lockedUntilMs < expiryMs
    ? { label: "Returns to the queue unless it is settled", timeMs: lockedUntilMs }
    : { label: "Expires unless it is settled", timeMs: expiryMs };
}
