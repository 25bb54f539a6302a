/** Messages that a run with `--settle abandon` has printed: held until its end, then abandoned. */

import { Deadline } from "../../../async/deadline.ts";
import type { Delivery, ReceivedMessage } from "../../../client/connection/device-connection.ts";
import { AZURE_DEFAULTS } from "../../../core/limits.ts";
import { messageKey } from "./duplicate-window.ts";

export type HoldEnd =
  | "lockExpiring"
  /** Its lock has already expired. */
  | "redelivered"
  | "full";

export interface HeldMessagesOptions {
  /** Called when the first message arrives. */
  lockTimeoutMs(): number;
  /** May be called more than once. */
  onEnd(reason: HoldEnd): void;
}

export interface Returned {
  readonly returned: number;
  /** Their locks will expire. */
  readonly failed: number;
  /** Of those returned: at the default maximum delivery count. */
  readonly exhausted: number;
}

/** Messages are returned at most this long before the first lock expires. */
const MAX_MARGIN_MS = 5000;

/** An AMQP session holds at most 2,048 unsettled messages. */
const MAX_HELD = 2000;

export class HeldMessages {
  readonly #options: HeldMessagesOptions;
  readonly #deadline: Deadline;
  /** By message key, in printing order; current connection only. */
  readonly #held = new Map<unknown, Delivery>();
  #isTimed = false;

  constructor(options: HeldMessagesOptions) {
    this.#options = options;
    this.#deadline = new Deadline(() => options.onEnd("lockExpiring"));
  }

  /** Call for each message that arrives, printed or not: its lock has started. */
  onArrival(): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    const lockTimeoutMs = this.#options.lockTimeoutMs();
    const marginMs = Math.min(MAX_MARGIN_MS, lockTimeoutMs / 2);
    this.#deadline.start(lockTimeoutMs - marginMs);
  }

  async hold(delivery: Delivery): Promise<void> {
    const { onEnd } = this.#options;
    const { message } = delivery;
    // Without a sequence number each delivery counts as another message.
    const key = message.sequenceNumber === undefined ? delivery : messageKey(message);
    if (this.#held.has(key)) onEnd("redelivered");
    this.#held.set(key, delivery);
    if (this.#held.size >= MAX_HELD) onEnd("full");
    await delivery.settle("none");
  }

  /** The connection is lost, and its locks with it. */
  drop(): void {
    this.#deadline.cancel();
    this.#isTimed = false;
    this.#held.clear();
  }

  /** Call once receiving has stopped. */
  async returnAll(): Promise<Returned> {
    const deliveries = [...this.#held.values()];
    const outcomes = await Promise.allSettled(deliveries.map((one) => one.settle("abandon")));
    this.drop();
    const returned = deliveries.filter((_, index) => outcomes[index]?.status === "fulfilled");
    return {
      returned: returned.length,
      failed: deliveries.length - returned.length,
      exhausted: returned.filter(({ message }) => isLast(message)).length,
    };
  }
}

function isLast({ deliveryCount = 0 }: ReceivedMessage): boolean {
  return deliveryCount + 1 >= AZURE_DEFAULTS.maxDeliveryCount;
}
