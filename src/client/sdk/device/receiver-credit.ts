/**
 * The credit of the devicebound link: how many messages the hub may send ahead.
 *
 * Why: rhea grants credit for each message that arrives, whether or not it has been processed, so a
 * slow reader would be sent the whole queue; and it would go on granting credit while draining.
 */

import type { AmqpReceiverLink, RheaReceiver } from "../shared/amqp-internals.ts";

/** Option for attaching the link: rhea then grants no credit itself. */
export const MANUAL_CREDIT = { credit_window: 0 } as const;

/** Maximum number of messages in flight or waiting to be processed. */
const WINDOW = 100;

/** Renewed in batches, not with a frame for each message. */
const PORTION = WINDOW / 4;

export class ReceiverCredit {
  readonly #receiver: RheaReceiver;
  #due = 0;
  #isDraining = false;

  constructor(link: AmqpReceiverLink) {
    this.#receiver = link._rheaReceiver;
    this.#receiver.add_credit(WINDOW);
  }

  /** A message has been processed: there is room for another. */
  renew(): void {
    this.#due += 1;
    if (this.#isDraining || this.#due < PORTION) return;
    this.#receiver.add_credit(this.#due);
    this.#due = 0;
  }

  /**
   * Makes the hub use or return all credit; resolves once it has. This version of rhea has no call
   * for it.
   */
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
