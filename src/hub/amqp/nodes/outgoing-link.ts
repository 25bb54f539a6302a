import type { AmqpError, Message as AmqpMessage, Delivery, EventContext, Sender } from "rhea";
import { HubError } from "../../../core/hub-error.ts";
import type { Settlement } from "../../../core/message-queue.ts";
import { LinkCredit } from "../rhea/link-credit.ts";
import { outcomeOf, rejectedWith } from "../rhea/outcomes.ts";
import { nextToWrite, type SendBuffer } from "../rhea/send-buffer.ts";
import { sendMessage } from "../rhea/send-message.ts";
import type { Settler } from "../rhea/settler.ts";

interface OutgoingLinkHandlers {
  onCredit(): void;
  /** Rejects with DeviceMessageLockLost if the lock has expired. */
  settle(lockToken: string, settlement: Settlement): Promise<void>;
  /** By either side. Called once. */
  onClose(): void;
  toError(error: unknown): AmqpError;
}

const OUTCOMES = ["accepted", "rejected", "released", "modified"] as const;

export class OutgoingLink {
  readonly #sender: Sender;
  readonly #handlers: OutgoingLinkHandlers;
  readonly #credit: LinkCredit;
  readonly #settler: Settler;
  readonly #lockTokens = new Map<Delivery, string>();
  /** The same, by lock token. */
  readonly #deliveries = new Map<string, Delivery>();
  /** Deliveries whose locks have ended before rhea has written them. */
  readonly #late = new Set<Delivery>();
  #isClosed = false;

  constructor(
    sender: Sender,
    { sendBuffer, settler }: { readonly sendBuffer: SendBuffer; readonly settler: Settler },
    handlers: OutgoingLinkHandlers,
  ) {
    this.#sender = sender;
    this.#settler = settler;
    this.#credit = new LinkCredit(sender, sendBuffer, () => handlers.onCredit());
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

  /** The hub settles it: rhea keeps a slot until both sides have settled (rule amqp-lock-lost). */
  endLock(lockToken: string): void {
    const delivery = this.#deliveries.get(lockToken);
    if (delivery !== undefined) {
      this.#forget(delivery, lockToken);
      this.#late.add(delivery);
    }
    this.#settleLate();
  }

  /** The lock token, a uuid, is the delivery tag too: C# reads it as a GUID. */
  send(message: AmqpMessage, lockToken: string): void {
    const delivery = sendMessage(this.#sender, message, guidBytes(lockToken));
    this.#credit.use(delivery);
    this.#lockTokens.set(delivery, lockToken);
    this.#deliveries.set(lockToken, delivery);
    this.#settleLate();
  }

  #forget(delivery: Delivery, lockToken: string): void {
    this.#lockTokens.delete(delivery);
    this.#deliveries.delete(lockToken);
  }

  /** A delivery that is settled before rhea writes it would be sent as if it were received. */
  #settleLate(): void {
    const next = nextToWrite(this.#sender.session);
    for (const delivery of this.#late) if (delivery.id < next) this.#settleLost(delivery);
  }

  #settleLost(delivery: Delivery): void {
    this.#late.delete(delivery);
    const lost = new HubError(
      "DeviceMessageLockLost",
      "The lock has expired, or the message no longer exists.",
    );
    this.#settleBack(delivery, rejectedWith(this.#handlers.toError(lost)));
  }

  /** rhea reports an outcome and then its settlement: only the first counts. */
  #onOutcome(delivery: Delivery | undefined, settlement: Settlement): void {
    if (delivery === undefined) return;
    if (this.#late.has(delivery)) this.#settleLost(delivery);
    const lockToken = this.#lockTokens.get(delivery);
    if (lockToken === undefined) return;
    this.#forget(delivery, lockToken);
    this.#handlers.settle(lockToken, settlement).then(
      () => this.#settleBack(delivery, outcomeOf(settlement)),
      (error: unknown) => this.#settleBack(delivery, rejectedWith(this.#handlers.toError(error))),
    );
  }

  /** A peer that has not settled waits for the hub to do so, after the state change is durable. */
  #settleBack(delivery: Delivery, outcome: unknown): void {
    if (delivery.remote_settled) return;
    this.#settler.inTurn(() => {
      if (this.#isClosed || delivery.remote_settled) return;
      delivery.update(true, outcome);
      this.#credit.release(delivery);
    });
  }

  close(error: AmqpError): void {
    this.#sender.close(error);
    this.end();
  }

  end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#credit.end();
    this.#lockTokens.clear();
    this.#deliveries.clear();
    this.#late.clear();
    this.#handlers.onClose();
  }
}

/** Rule amqp-settle. */
function toSettlement(event: (typeof OUTCOMES)[number]): Settlement {
  if (event === "accepted") return "complete";
  return event === "rejected" ? "reject" : "abandon";
}

/** In .NET's order: the first three groups little-endian. */
function guidBytes(uuid: string): Buffer {
  const bytes = Buffer.from(uuid.replaceAll("-", ""), "hex");
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
