import type { CloudToDeviceSettings } from "../../src/core/limits.ts";
import type { Ack } from "../../src/core/message.ts";
import type { Settlement } from "../../src/core/message-queue.ts";

interface Lock {
  readonly number: number;
  readonly untilMs: number;
  readonly isOfConnection: boolean;
}

interface ModelMessage {
  readonly id: string;
  readonly ack: Ack;
  readonly expiryTimeMs: number;
  count: number;
  wasHandedOut: boolean;
  lock?: Lock;
}

interface ModelRecord {
  readonly id: string;
  readonly status: string;
  readonly timeMs: number;
}

interface ModelBatch {
  readonly records: readonly ModelRecord[];
  count: number;
  isTaken: boolean;
}

/** A message held by the device or the reader: its lock number and content. */
interface HeldMessage {
  readonly number: number;
  readonly seen: string;
}

/** A simple model of a hub: plain lists, and no store. */
export class HubModel {
  readonly #settings: CloudToDeviceSettings;
  nowMs: number;
  messages: ModelMessage[] = [];
  waiting: ModelRecord[] = [];
  batches: ModelBatch[] = [];
  held: HeldMessage[] = [];
  heldBatches: ModelBatch[] = [];
  isConnected = false;
  isReading = false;
  #locks = 0;

  constructor(settings: CloudToDeviceSettings, nowMs: number) {
    this.#settings = settings;
    this.nowMs = nowMs;
  }

  /** A copy of the current state. */
  copy(): HubModel {
    const copy = new HubModel(this.#settings, this.nowMs);
    copy.messages = this.messages.map((message) => ({ ...message }));
    copy.waiting = [...this.waiting];
    copy.batches = this.batches.map((batch) => ({ ...batch }));
    return copy;
  }

  /** The state after a crash and a restart at this time. */
  restarted(nowMs: number): HubModel {
    const restarted = this.copy();
    restarted.nowMs = nowMs;
    for (const message of restarted.messages) delete message.lock;
    for (const batch of restarted.batches) batch.isTaken = false;
    return restarted;
  }

  send(id: string, ack: Ack, expiryTimeMs = this.nowMs + this.#settings.defaultTtlMs): string {
    if (this.messages.length >= this.#settings.queueDepth) return "DeviceMaximumQueueDepthExceeded";
    this.messages.push({ id, ack, expiryTimeMs, count: 0, wasHandedOut: false });
    this.#doWhatIsDue();
    return "done";
  }

  connect(): void {
    this.held = [];
    this.isConnected = true;
    this.#handOutAll();
  }

  disconnect(): void {
    this.held = [];
    this.isConnected = false;
    for (const message of this.messages) if (message.lock?.isOfConnection) delete message.lock;
  }

  take(): void {
    const message = this.messages.find(({ lock }) => lock === undefined);
    if (message !== undefined) this.#handOut(message, false);
  }

  settle(index: number, settlement: Settlement): string {
    const [inHand] = this.held.splice(index, 1);
    const message = this.messages.find(({ lock }) => lock && lock.number === inHand?.number);
    if (message === undefined) return "DeviceMessageLockLost";
    if (settlement === "complete") this.#end(message, "Success");
    if (settlement === "reject") this.#end(message, "Rejected");
    if (settlement === "abandon") this.#abandon(message);
    this.#handOutAll();
    return "done";
  }

  purge(): void {
    for (const message of [...this.messages]) this.#end(message, "Purged");
  }

  attachReader(): void {
    this.isReading = true;
    this.#showBatches();
  }

  detachReader(): void {
    this.isReading = false;
    this.heldBatches = [];
    for (const batch of this.batches) batch.isTaken = false;
  }

  settleBatch(index: number, settlement: Settlement): void {
    const [batch] = this.heldBatches.splice(index, 1);
    if (batch === undefined) return;
    batch.count += settlement === "abandon" ? 1 : 0;
    batch.isTaken = false;
    const isGone =
      settlement !== "abandon" || batch.count >= this.#settings.feedback.maxDeliveryCount;
    if (isGone) this.batches = this.batches.filter((one) => one !== batch);
    this.#showBatches();
  }

  pass(byMs: number): void {
    const untilMs = this.nowMs + byMs;
    for (let next = this.nextMs(); next <= untilMs; next = this.nextMs()) {
      this.nowMs = Math.max(this.nowMs, next);
      this.#doWhatIsDue();
      this.closeBatch();
    }
    this.nowMs = untilMs;
  }

  /** When something is next due, in milliseconds since the epoch. */
  nextMs(): number {
    const times = this.messages.flatMap(({ expiryTimeMs, lock }) =>
      lock ? [expiryTimeMs, lock.untilMs] : [expiryTimeMs],
    );
    const [oldest] = this.waiting;
    if (oldest) times.push(oldest.timeMs + this.#settings.feedback.intervalMs);
    return Math.min(...times);
  }

  #doWhatIsDue(): void {
    for (const message of [...this.messages]) {
      if (message.expiryTimeMs <= this.nowMs) this.#end(message, "Expired");
      else if (message.lock && message.lock.untilMs <= this.nowMs) delete message.lock;
    }
    this.#handOutAll();
  }

  /** Makes a batch of the records that have waited long enough. */
  closeBatch(): void {
    const [oldest] = this.waiting;
    if (!oldest || oldest.timeMs + this.#settings.feedback.intervalMs > this.nowMs) return;
    this.batches.push({ records: this.waiting, count: 0, isTaken: false });
    this.waiting = [];
    this.#showBatches();
  }

  #abandon(message: ModelMessage): void {
    message.count += 1;
    if (message.count >= this.#settings.maxDeliveryCount)
      this.#end(message, "DeliveryCountExceeded");
    else delete message.lock;
  }

  #end(message: ModelMessage, status: string): void {
    this.messages = this.messages.filter((one) => one !== message);
    const isGood = status === "Success";
    const wanted = message.ack === "full" || message.ack === (isGood ? "positive" : "negative");
    if (wanted) this.waiting.push({ id: message.id, status, timeMs: this.nowMs });
  }

  #handOutAll(): void {
    if (!this.isConnected) return;
    for (const message of this.messages) if (!message.lock) this.#handOut(message, true);
  }

  #handOut(message: ModelMessage, isOfConnection: boolean): void {
    this.#locks += 1;
    const untilMs = this.nowMs + this.#settings.lockTimeoutMs;
    message.lock = { number: this.#locks, untilMs, isOfConnection };
    message.wasHandedOut = true;
    this.held.push({ number: this.#locks, seen: `${message.id} (${message.count})` });
  }

  #showBatches(): void {
    if (!this.isReading) return;
    for (const batch of this.batches.filter(({ isTaken }) => !isTaken)) {
      batch.isTaken = true;
      this.heldBatches.push(batch);
    }
  }
}
