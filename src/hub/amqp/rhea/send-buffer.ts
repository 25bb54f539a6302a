/** Limits the bytes buffered for a peer that does not read: above the limit, links wait. */

import type { Duplex } from "node:stream";
import type { Delivery, Session } from "rhea";
import type { InternalsOf } from "../../../dependencies/internals.ts";
import { DELIVERY, SESSION } from "./rhea-internals.ts";

/** Plus the message that exceeds the limit (assumed). */
const MAX_HELD_BYTES = 1024 * 1024;

interface Held {
  readonly delivery: Delivery;
  readonly inside: InternalsOf<typeof DELIVERY>;
  readonly bytes: number;
}

export class SendBuffer {
  readonly #stream: Duplex;
  /** Deliveries that rhea had not written at the last check. */
  #unwritten: Held[] = [];
  #unwrittenBytes = 0;
  #isCheckScheduled = false;
  readonly #waiting = new Set<() => void>();

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on("drain", () => this.#check());
  }

  add(delivery: Delivery): void {
    const inside = DELIVERY.ofClass(delivery);
    const bytes = inside.data.reduce((sum, { length }) => sum + length, 0);
    this.#unwritten.push({ delivery, inside, bytes });
    this.#unwrittenBytes += bytes;
    this.checkSoon();
  }

  get isEmpty(): boolean {
    return this.#unwritten.length === 0;
  }

  /** True, or `wake` is called once there is room again. */
  hasRoom(wake: () => void): boolean {
    if (!this.#isFull) return true;
    this.#waiting.add(wake);
    return false;
  }

  forget(wake: () => void): void {
    this.#waiting.delete(wake);
  }

  /** Call when the peer may have opened its window. */
  checkSoon(): void {
    if (this.#isCheckScheduled || this.#unwritten.length === 0) return;
    this.#isCheckScheduled = true;
    setImmediate(() => {
      this.#isCheckScheduled = false;
      this.#check();
    });
  }

  #check(): void {
    this.#dropWritten();
    if (this.#isFull) return;
    const woken = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of woken) wake();
  }

  get #isFull(): boolean {
    return this.#stream.writableLength + this.#unwrittenBytes >= MAX_HELD_BYTES;
  }

  #dropWritten(): void {
    const unwritten: Held[] = [];
    for (const held of this.#unwritten) {
      if (isUnwritten(held.delivery)) unwritten.push(held);
      // rhea would keep the content until the peer settles, which may never happen.
      else held.inside.data = [];
    }
    this.#unwritten = unwritten;
    this.#unwrittenBytes = unwritten.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

/** The first delivery not yet written; rhea never sets its own flag for sent deliveries. */
export function nextToWrite(session: Session): number {
  return SESSION.of(session).outgoing.next_pending_delivery;
}

/** A session that has ended writes nothing more. */
function isUnwritten({ id, link: { session } }: Delivery): boolean {
  return session.is_open() && id >= nextToWrite(session);
}
