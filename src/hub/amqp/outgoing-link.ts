/** A link the hub sends on: credit, locks and the peer's outcomes, for any kind of message. */

import rhea, {
  type AmqpError,
  type Message as AmqpMessage,
  type Delivery,
  type EventContext,
  type Sender,
} from "rhea";
import type { Settlement } from "../../core/message-queue.ts";
import { toSettlement } from "./translate.ts";

export interface OutgoingLinkHandlers {
  onCredit(): void;
  /** Rejects with DeviceMessageLockLost when the lock had run out. */
  settle(lockToken: string, settlement: Settlement): Promise<void>;
  /** The link is gone, whoever ended it. Called once. */
  onClose(): void;
  toError(error: unknown): AmqpError;
}

const OUTCOMES = ["accepted", "rejected", "released", "modified"] as const;

export class OutgoingLink {
  readonly #sender: Sender;
  readonly #handlers: OutgoingLinkHandlers;
  readonly #lockTokens = new Map<Delivery, string>();
  #unsent: Delivery[] = [];
  #isClosed = false;

  constructor(sender: Sender, handlers: OutgoingLinkHandlers) {
    this.#sender = sender;
    this.#handlers = handlers;
    sender.on("sendable", () => handlers.onCredit());
    for (const outcome of OUTCOMES) {
      sender.on(outcome, ({ delivery }: EventContext) =>
        this.#onOutcome(delivery, toSettlement(outcome)),
      );
    }
    sender.on("settled", ({ delivery }: EventContext) => this.#onOutcome(delivery, "abandon"));
  }

  /** Counts messages that rhea holds for its next write: they will use credit. */
  hasCredit(): boolean {
    const next = nextToSend(this.#sender);
    this.#unsent = this.#unsent.filter(({ id }) => id >= next);
    return (
      !this.#isClosed && this.#sender.sendable() && creditOf(this.#sender) > this.#unsent.length
    );
  }

  /** The lock token, a uuid, is the delivery tag too: C# reads it as a GUID. */
  send(message: AmqpMessage, lockToken: string): void {
    const delivery = this.#sender.send(message, guidBytes(lockToken));
    this.#unsent.push(delivery);
    this.#lockTokens.set(delivery, lockToken);
  }

  /** rhea tells of an outcome first and of being settled after it: only the first counts. */
  #onOutcome(delivery: Delivery | undefined, settlement: Settlement): void {
    const lockToken = delivery && this.#lockTokens.get(delivery);
    if (delivery === undefined || lockToken === undefined) return;
    this.#lockTokens.delete(delivery);
    this.#handlers.settle(lockToken, settlement).then(
      () => this.#echo(delivery, outcomeOf(settlement)),
      (error: unknown) => this.#echo(delivery, rejected(this.#handlers.toError(error))),
    );
  }

  /** A peer that has not settled waits for the hub to do so, after the state change is durable. */
  #echo(delivery: Delivery, outcome: unknown): void {
    if (this.#isClosed || delivery.remote_settled) return;
    delivery.update(true, outcome);
  }

  /** Closes the link for this reason; nothing more goes out. */
  close(error: AmqpError): void {
    this.#sender.close(error);
    this.end();
  }

  /** The peer, its session or its connection has gone. */
  end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#lockTokens.clear();
    this.#handlers.onClose();
  }
}

/** rhea makes outcomes for incoming deliveries only, and its types leave out how. */
const outcomes = rhea.message as unknown as Record<
  "accepted" | "rejected" | "released",
  (fields?: { readonly error: AmqpError }) => { described(): unknown }
>;

function outcomeOf(settlement: Settlement): unknown {
  if (settlement === "complete") return outcomes.accepted().described();
  return settlement === "reject"
    ? outcomes.rejected().described()
    : outcomes.released().described();
}

function rejected(error: AmqpError): unknown {
  return outcomes.rejected({ error }).described();
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

/** A uuid's bytes in .NET's order: the first three groups little-endian. */
function guidBytes(uuid: string): Buffer {
  const bytes = Buffer.from(uuid.replaceAll("-", ""), "hex");
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
