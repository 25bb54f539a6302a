import type { Delivery } from "../../../client/connection/device-connection.ts";
import { messageKey } from "./duplicate-window.ts";

export interface Waiting {
  delivery: Delivery;
  connection: number;
  readonly receivedAtMs: number;
}

/** For a slow reader. A hub has at most 50 unsettled; it redelivers any beyond the limit. */
const MAX_WAITING = 200;

/** In the order of arrival. */
export class WaitingDeliveries<T extends Waiting = Waiting> {
  #waiting: T[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  get isFull(): boolean {
    return this.size >= MAX_WAITING;
  }

  get oldest(): T | undefined {
    return this.#waiting[0];
  }

  every(isSo: (waiting: T) => boolean): boolean {
    return this.#waiting.every(isSo);
  }

  push(waiting: T): void {
    this.#waiting.push(waiting);
  }

  /** False unless it is a redelivery of a waiting message, whose place it then takes. */
  replace(delivery: Delivery, connection: number): boolean {
    const same = this.#findSame(delivery);
    if (same === undefined) return false;
    // Its lock has expired: only release its place in the connection.
    same.delivery.settle("none").catch(() => {});
    same.delivery = delivery;
    same.connection = connection;
    return true;
  }

  /** Removes the oldest ones; default: all. */
  take(max = this.size): T[] {
    return this.#waiting.splice(0, max);
  }

  #findSame({ message }: Delivery): T | undefined {
    // Over MQTT only a mark tells it from another message with the same content.
    if (message.sequenceNumber === undefined && !message.isRedelivered) return undefined;
    const key = messageKey(message);
    return this.#waiting.find((one) => messageKey(one.delivery.message) === key);
  }
}
