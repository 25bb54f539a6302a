/**
 * The credit of the link of devicebound messages: what the hub may send before something is done.
 *
 * Why: rhea grants credit for each message that arrives, whether or not anybody has dealt with it, so
 * that a slow reader is sent everything there is; and it would go on granting credit while draining.
 */

import type { AmqpReceiverLink, RheaReceiver } from "../shared/amqp-internals.ts";

/** To be given to the link when it is attached: rhea grants nothing by itself then. */
export const MANUAL_CREDIT = { credit_window: 0 } as const;

/** Messages that may be under way or waiting to be dealt with. */
const WINDOW = 100;

/** Renewed in portions, not with a frame for each message. */
const PORTION = WINDOW / 4;

export class ReceiverCredit {
  readonly #receiver: RheaReceiver;
  #due = 0;
  #isDraining = false;

  constructor(link: AmqpReceiverLink) {
    this.#receiver = link._rheaReceiver;
    this.#receiver.add_credit(WINDOW);
  }

  /** A message has been dealt with: there is room for another. */
  renew(): void {
    this.#due += 1;
    if (this.#isDraining || this.#due < PORTION) return;
    this.#receiver.add_credit(this.#due);
    this.#due = 0;
  }

  /** Has the hub use up or give back all credit; resolves once it has. This rhea has no call for it. */
  async drain(): Promise<void> {
    const receiver = this.#receiver;
    this.#isDraining = true;
    if (receiver.credit === 0) return;
    await new Promise<void>((resolve) => {
      receiver.on("receiver_drained", () => resolve());
      receiver.drain = true;
      receiver.session._write_flow(receiver);
      receiver.connection._register();
    });
  }
}
