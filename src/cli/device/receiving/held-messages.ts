/** What a run with `--settle abandon` has printed: held until its end, then given back to the hub. */

import { Deadline } from "../../../async/deadline.ts";
import type { Delivery, ReceivedMessage } from "../../../client/connection/device-connection.ts";
import { AZURE_DEFAULTS } from "../../../core/limits.ts";
import { messageKey } from "./duplicate-window.ts";

/** Why holding has to end. */
export type HoldEnd =
  /** The first lock is about to run out. */
  | "lockExpiring"
  /** A message that is held came again: its lock has run out already. */
  | "redelivered"
  /** No more can be held. */
  | "full";

export interface HeldMessagesOptions {
  /** How long the hub locks a message, in milliseconds; asked when the first one arrives. */
  lockTimeoutMs(): number;
  /** May be called more than once. */
  onEnd(reason: HoldEnd): void;
}

/** How many messages were given back. */
export interface Returned {
  readonly returned: number;
  /** Their locks run out by themselves. */
  readonly failed: number;
  /** Of those returned: abandoned as often as a hub allows unless it is configured otherwise. */
  readonly exhausted: number;
}

/** How long before the first lock runs out the messages are given back, at most. */
const MAX_MARGIN_MS = 5000;

/** An AMQP session has room for 2,048 messages that are not settled. */
const MAX_HELD = 2000;

export class HeldMessages {
  readonly #options: HeldMessagesOptions;
  readonly #deadline: Deadline;
  /** Of the current connection, by message, in the order of printing. */
  readonly #held = new Map<unknown, Delivery>();
  #isTimed = false;

  constructor(options: HeldMessagesOptions) {
    this.#options = options;
    this.#deadline = new Deadline(() => options.onEnd("lockExpiring"));
  }

  /** To be called for each message that arrives, printed or not: its lock runs. */
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
    // Without a number the hub's only word is that it is another delivery.
    const key = message.sequenceNumber === undefined ? delivery : messageKey(message);
    if (this.#held.has(key)) onEnd("redelivered");
    this.#held.set(key, delivery);
    if (this.#held.size >= MAX_HELD) onEnd("full");
    await delivery.settle("none");
  }

  /** The connection is gone, and the locks with it: the messages come again, or go to others. */
  drop(): void {
    this.#deadline.cancel();
    this.#isTimed = false;
    this.#held.clear();
  }

  /** Abandons what is held. To be called once no more messages come. */
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
