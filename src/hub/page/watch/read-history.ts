import type { Message } from "../../../core/message.ts";
import type { MessageQueue } from "../../../core/message-queue.ts";
import type { EventRing } from "../../model/event-ring.ts";
import type { LifeEvent } from "./message-life.ts";
import type { MessageLives } from "./message-lives.ts";
import type { TelemetryList } from "./telemetry-list.ts";

/** Of the ring: enough for the lives of the messages that are shown. */
const MAX_EVENTS = 6000;

/** What happened before the page was opened, and what waits. */
export function readHistory(
  ring: EventRing,
  queues: Iterable<readonly [deviceId: string, queue: MessageQueue<Message>]>,
  lives: MessageLives,
  telemetry: TelemetryList,
): void {
  /** Of messages whose arrival is not among the events. */
  const steps = new Map<string, (readonly [event: LifeEvent, timeMs: number])[]>();
  const cursor = ring.cursorAt(Math.max(ring.nextNumber - MAX_EVENTS, ring.firstNumber));
  for (let one = ring.read(cursor); one !== undefined; one = ring.read(cursor)) {
    const { event, message, number, timeMs } = one;
    switch (event.type) {
      case "enqueued":
        lives.enqueue(event, timeMs, number, message);
        break;
      case "telemetry":
        telemetry.add(event, timeMs, number, message);
        break;
      case "delivered":
      case "requeued":
      case "settled":
      case "deadLettered": {
        if (lives.step(event, timeMs)) break;
        const name = nameOf(event);
        steps.set(name, [...(steps.get(name) ?? []), [event, timeMs]]);
        break;
      }
      case "feedback":
        lives.feedback(event, timeMs);
    }
  }
  lives.addWaiting(queues, (ref) => {
    for (const [event, timeMs] of steps.get(nameOf(ref)) ?? []) lives.step(event, timeMs);
  });
  lives.takeChanged();
  telemetry.takeAdded();
}

function nameOf(ref: { readonly deviceId: string; readonly sequenceNumber: number }): string {
  return `${ref.sequenceNumber} ${ref.deviceId}`;
}
