/** The credit of a link the hub sends on, and what it was used for. */

import type { Delivery, EventContext, Sender } from "rhea";

export class LinkCredit {
  readonly #sender: Sender;
  /** Numbers of deliveries, rising. */
  readonly #unsent: number[] = [];
  readonly #unsettled = new Set<Delivery>();

  constructor(sender: Sender) {
    this.#sender = sender;
    sender.on("settled", ({ delivery }: EventContext) => {
      if (delivery !== undefined) this.#unsettled.delete(delivery);
    });
  }

  /** Counts messages that rhea holds for its next write: they will use credit. */
  get isLeft(): boolean {
    const next = nextToSend(this.#sender);
    const stillHeld = this.#unsent.findIndex((id) => id >= next);
    this.#unsent.splice(0, stillHeld < 0 ? this.#unsent.length : stillHeld);
    return this.#sender.sendable() && creditOf(this.#sender) > this.#unsent.length;
  }

  use(delivery: Delivery): void {
    this.#unsent.push(delivery.id);
    this.#unsettled.add(delivery);
  }

  /**
   * The peer has detached the link. What it has not settled it never will: it must not take up the
   * room that rhea keeps for the whole session.
   */
  end(): void {
    for (const delivery of this.#unsettled) {
      Object.assign(delivery, { settled: true, remote_settled: true });
    }
    this.#unsettled.clear();
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

/** A peer that drains a link gets what there is; the credit that is left has nothing to wait for. */
export function answerDrains(sender: Sender, wake: () => void): void {
  sender.on("sender_draining", () => {
    wake();
    sender.set_drained(true);
  });
}
