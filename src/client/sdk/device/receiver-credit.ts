/**
 * rhea grants credit for each message that arrives, processed or not: a slow reader would be sent
 * the whole queue. It would also go on granting credit while draining.
 */

import type { AmqpReceiverLink, RheaReceiver } from "../shared/amqp-internals.ts";

/** With this, rhea grants no credit itself. */
export const MANUAL_CREDIT = { credit_window: 0 } as const;

const WINDOW = 100;

export class ReceiverCredit {
  readonly #receiver: RheaReceiver;
  /** Renewed in batches, not with a frame for each message. */
  readonly #portion: number;
  #due = 0;
  #isDraining = false;

  constructor(link: AmqpReceiverLink, isOneAtATime: boolean) {
    this.#receiver = link._rheaReceiver;
    this.#portion = isOneAtATime ? 1 : WINDOW / 4;
    this.#receiver.add_credit(isOneAtATime ? 1 : WINDOW);
  }

  renew(): void {
    this.#due += 1;
    if (this.#isDraining || this.#due < this.#portion) return;
    this.#receiver.add_credit(this.#due);
    this.#due = 0;
  }

  /** Resolves once the hub has used or returned all credit. This rhea has no call for it. */
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
