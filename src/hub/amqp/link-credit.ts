/** The credit of a link the hub sends on. */

import type { Delivery, Sender } from "rhea";

export class LinkCredit {
  readonly #sender: Sender;
  /** Numbers of deliveries, rising. */
  readonly #unsent: number[] = [];

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /** Counts messages that rhea holds for its next write: they will use credit. */
  get isLeft(): boolean {
    const next = nextToSend(this.#sender);
    const stillHeld = this.#unsent.findIndex((id) => id >= next);
    this.#unsent.splice(0, stillHeld < 0 ? this.#unsent.length : stillHeld);
    return this.#sender.sendable() && creditOf(this.#sender) > this.#unsent.length;
  }

  use({ id }: Delivery): void {
    this.#unsent.push(id);
  }
}

/** The first delivery rhea has not written yet; its own mark of what was sent is never set. */
function nextToSend({ session }: Sender): number {
  type Outgoing = { readonly outgoing: { readonly next_pending_delivery: number } };
  return (session as unknown as Outgoing).outgoing.next_pending_delivery;
}

/** rhea's types leave the credit out. */
function creditOf(sender: Sender): number {
  return (sender as Sender & { readonly credit: number }).credit;
}
