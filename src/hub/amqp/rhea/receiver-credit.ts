import type { Receiver } from "rhea";

/** Unsettled messages of a sender; rhea has room for 2048 per session. */
const MAX_UNSETTLED = 1000;

/** Renewed in batches: each is a frame for the hub to write and for the sender to read. */
const PORTION = MAX_UNSETTLED / 2;

/** What a sender may send before the hub has settled it. */
export class ReceiverCredit {
  readonly #receiver: Receiver;
  #due = 0;

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
    receiver.add_credit(MAX_UNSETTLED);
  }

  /** Call once a message is settled. */
  renew(): void {
    this.#due += 1;
    if (this.#due < PORTION) return;
    this.#receiver.add_credit(this.#due);
    this.#due = 0;
  }
}
