import type { Delivery, EventContext, Sender } from "rhea";
import { CONNECTION, LINK } from "./rhea-internals.ts";
import { nextToWrite, type SendBuffer } from "./send-buffer.ts";

export class LinkCredit {
  readonly #sender: Sender;
  readonly #sendBuffer: SendBuffer;
  readonly #wake: () => void;
  readonly #answerDrain = (): void => this.#onDraining();
  /** Delivery ids, rising. */
  readonly #unwritten: number[] = [];
  readonly #unsettled = new Set<Delivery>();

  /** `wake` is called when there may be credit for waiting messages. */
  constructor(sender: Sender, sendBuffer: SendBuffer, wake: () => void) {
    this.#sender = sender;
    this.#sendBuffer = sendBuffer;
    this.#wake = wake;
    sender.on("sendable", wake);
    sender.on("sender_draining", this.#answerDrain);
    sender.on("settled", ({ delivery }: EventContext) => {
      if (delivery !== undefined) this.#unsettled.delete(delivery);
    });
  }

  /** Counts messages that rhea has not written yet: they will use credit. */
  get isLeft(): boolean {
    const next = nextToWrite(this.#sender.session);
    const stillHeld = this.#unwritten.findIndex((id) => id >= next);
    this.#unwritten.splice(0, stillHeld < 0 ? this.#unwritten.length : stillHeld);
    const isGranted =
      this.#sender.sendable() && LINK.of(this.#sender).credit > this.#unwritten.length;
    return isGranted && this.#sendBuffer.hasRoom(this.#wake);
  }

  use(delivery: Delivery): void {
    this.#sendBuffer.add(delivery);
    this.#unwritten.push(delivery.id);
    if (!delivery.settled) this.#unsettled.add(delivery);
  }

  /** Frees its slot, which the whole session shares. */
  release(delivery: Delivery): void {
    this.#unsettled.delete(delivery);
    Object.assign(delivery, { settled: true, remote_settled: true });
  }

  /** The link is closed: the peer will not settle its deliveries any more. */
  end(): void {
    for (const delivery of this.#unsettled) this.release(delivery);
    for (const wake of [this.#wake, this.#answerDrain]) this.#sendBuffer.forget(wake);
  }

  /** A peer that drains a link gets the available messages; the remaining credit is used up. */
  #onDraining(): void {
    this.#wake();
    if (!this.#sendBuffer.hasRoom(this.#answerDrain)) return;
    this.#sender.set_drained(true);
    writeSoon(this.#sender);
  }
}

/** Otherwise rhea would wait for the next write of the connection. */
function writeSoon({ connection }: Sender): void {
  CONNECTION.of(connection)._register();
}
