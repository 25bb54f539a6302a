/** A link the hub sends on: credit, locks and the peer's outcomes, for any kind of message. */

import rhea, {
  type AmqpError,
  type Message as AmqpMessage,
  type Delivery,
  type EventContext,
  type Sender,
} from "rhea";
import type { Settlement } from "../../core/message-queue.ts";
import { LinkCredit } from "./link-credit.ts";
import type { Outflow } from "./outflow.ts";
import { sendMessage } from "./send-message.ts";
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
  readonly #credit: LinkCredit;
  readonly #lockTokens = new Map<Delivery, string>();
  #isClosed = false;

  constructor(sender: Sender, outflow: Outflow, handlers: OutgoingLinkHandlers) {
    this.#sender = sender;
    this.#credit = new LinkCredit(sender, outflow, () => handlers.onCredit());
    this.#handlers = handlers;
    for (const outcome of OUTCOMES) {
      sender.on(outcome, ({ delivery }: EventContext) =>
        this.#onOutcome(delivery, toSettlement(outcome)),
      );
    }
    sender.on("settled", ({ delivery }: EventContext) => this.#onOutcome(delivery, "abandon"));
  }

  hasCredit(): boolean {
    return !this.#isClosed && this.#credit.isLeft;
  }

  /** The lock token, a uuid, is the delivery tag too: C# reads it as a GUID. */
  send(message: AmqpMessage, lockToken: string): void {
    const delivery = sendMessage(this.#sender, message, guidBytes(lockToken));
    this.#credit.use(delivery);
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
    this.#credit.end();
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

/** A uuid's bytes in .NET's order: the first three groups little-endian. */
function guidBytes(uuid: string): Buffer {
  const bytes = Buffer.from(uuid.replaceAll("-", ""), "hex");
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
