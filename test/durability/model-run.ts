import { expect } from "vitest";
import { AZURE_DEFAULTS, type CloudToDeviceSettings } from "../../src/core/limits.ts";
import { loadHubState } from "../../src/hub/store/records.ts";
import { CrashStore, settled } from "./crash-store.ts";
import { DEVICE, HubParts, Outcome } from "./hub-parts.ts";
import { NaiveHub } from "./naive-hub.ts";
import type { Operation } from "./operations.ts";

/** Times that no two of which fall together, so that the order of what is due is never open. */
const SETTINGS: CloudToDeviceSettings = {
  ...AZURE_DEFAULTS,
  queueDepth: 6,
  maxDeliveryCount: 3,
  lockTimeoutMs: 1001,
  defaultTtlMs: 60_000,
  feedback: {
    intervalMs: 503,
    lockTimeoutMs: 10_000_000,
    ttlMs: 1_000_000_000,
    maxDeliveryCount: 3,
  },
};

const START_MS = Date.UTC(2026, 0, 1);

/** What was promised at which write, and to what promise. */
interface Promised {
  readonly id: string;
  readonly kind: "accepted" | "ended";
  readonly outcome: Outcome;
  readonly writesBefore: number;
}

/** The real hub and the naive one, side by side. */
export class ModelRun {
  #store: CrashStore;
  #parts: HubParts;
  #naive = new NaiveHub(SETTINGS, START_MS);
  /** The naive hub as it was when so many writes had been handed in. */
  #history = new Map<number, NaiveHub>();
  #promised: Promised[] = [];
  #sent = 0;
  readonly #checks: (() => void)[] = [];

  private constructor(store: CrashStore, parts: HubParts) {
    this.#store = store;
    this.#parts = parts;
    this.#remember();
  }

  static async begin(): Promise<ModelRun> {
    const store = new CrashStore();
    const parts = await HubParts.open(store.asStore(), SETTINGS, START_MS);
    const created = parts.registry.ensure(DEVICE);
    await store.flush();
    await created;
    return new ModelRun(store, parts);
  }

  /** @returns false when nothing can be compared any more: it crashed in the middle of something. */
  async play(operation: Operation): Promise<boolean> {
    if (operation.type === "crash") return this.#crash(operation.pick);
    await this.#do(operation);
    this.#remember();
    await settled();
    this.#checkPromises();
    expect(this.#parts.cloudToDevice.countOf(DEVICE)).toBe(this.#naive.messages.length);
    return true;
  }

  async end(): Promise<void> {
    await this.#flush();
    this.#parts.abandon();
  }

  async #do(operation: Exclude<Operation, { type: "crash" }>): Promise<void> {
    // Sending and purging go on while earlier writes are under way; the rest begins on firm ground.
    if (operation.type !== "send" && operation.type !== "purge") await this.#flush();
    switch (operation.type) {
      case "send":
        return this.#send(operation);
      case "take":
        this.#parts.take();
        return this.#naive.take();
      case "settle":
        return this.#settle(operation);
      case "purge":
        void this.#parts.cloudToDevice.purge(DEVICE);
        return this.#naive.purge();
      case "connectOrDisconnect":
        return this.#connectOrDisconnect();
      case "attachOrDetachReader":
        return this.#attachOrDetachReader();
      case "settleBatch":
        return this.#settleBatch(operation);
      case "pass":
        return this.#pass(operation.byMs);
      case "flush":
        return;
    }
  }

  #send({ ack, ttlMs }: Extract<Operation, { type: "send" }>): void {
    this.#sent += 1;
    const id = `message${this.#sent}`;
    const expiryTimeMs = ttlMs === undefined ? undefined : this.#naive.nowMs + ttlMs;
    this.#promise(
      id,
      "accepted",
      () => this.#parts.send(id, ack, expiryTimeMs),
      () => this.#naive.send(id, ack, expiryTimeMs),
    );
  }

  #settle({ pick, settlement }: Extract<Operation, { type: "settle" }>): void {
    const { held } = this.#parts;
    if (held.length === 0) return;
    const index = pick % held.length;
    const id = held[index]?.entry.payload.system.messageId ?? "";
    const kind = settlement === "abandon" ? "accepted" : "ended";
    this.#promise(
      id,
      kind,
      () => this.#parts.settle(index, settlement),
      () => this.#naive.settle(index, settlement),
    );
  }

  /** A refusal comes at once and is the one foreseen; a promise waits for the disk. */
  #promise(
    id: string,
    kind: Promised["kind"],
    ask: () => Promise<void>,
    foresee: () => string,
  ): void {
    const writesBefore = this.#store.handedIn;
    const outcome = new Outcome(ask());
    const foreseen = foresee();
    this.#promised.push({ id, kind, outcome, writesBefore });
    const isForeseen = (): void => {
      expect(["pending", foreseen]).toContain(outcome.state);
    };
    this.#checks.push(isForeseen);
  }

  #connectOrDisconnect(): void {
    if (this.#parts.isConnected) {
      this.#parts.disconnect();
      this.#naive.disconnect();
    } else {
      this.#parts.connect();
      this.#naive.connect();
    }
  }

  /** From one thing that is due to the next: what it wrote is stored before the next one comes. */
  async #pass(byMs: number): Promise<void> {
    const untilMs = this.#naive.nowMs + byMs;
    for (;;) {
      const stepMs = Math.min(this.#naive.nextMs(), untilMs) - this.#naive.nowMs;
      this.#parts.clock.advance(stepMs);
      this.#naive.pass(stepMs);
      if (this.#naive.nowMs >= untilMs) return;
      await this.#flush();
    }
  }

  #attachOrDetachReader(): void {
    if (this.#parts.isReading) {
      this.#parts.detachReader();
      this.#naive.detachReader();
    } else {
      this.#parts.attachReader();
      this.#naive.attachReader();
    }
  }

  #settleBatch({ pick, settlement }: Extract<Operation, { type: "settleBatch" }>): void {
    const { heldBatches } = this.#parts;
    if (heldBatches.length === 0) return;
    const index = pick % heldBatches.length;
    void this.#parts.settleBatch(index, settlement);
    this.#naive.settleBatch(index, settlement);
  }

  /** Everything reaches the disk; then disk, memory and the naive hub tell the same story. */
  async #flush(): Promise<void> {
    while (this.#store.handedIn > this.#store.written) await this.#store.flush();
    for (const { outcome } of this.#promised) expect(outcome.state).not.toBe("pending");
    const inHands = this.#parts.held.map(
      ({ entry }) => `${entry.payload.system.messageId} (${entry.deliveryCount})`,
    );
    expect(inHands).toEqual(this.#naive.held.map(({ seen }) => seen));
    const batches = this.#parts.heldBatches.map(({ records }) =>
      records.map(({ originalMessageId }) => originalMessageId),
    );
    const foreseen = this.#naive.heldBatches.map(({ records }) => records.map(({ id }) => id));
    expect(batches).toEqual(foreseen);
    expect(await storyOf(this.#store)).toEqual(foreseenStory(this.#naive));
  }

  /** Nothing is acknowledged that is not on the disk. */
  #checkPromises(): void {
    for (const check of this.#checks.splice(0)) check();
    for (const { id, outcome, writesBefore } of this.#promised) {
      const isEarly = outcome.state === "done" && this.#store.written <= writesBefore;
      expect(isEarly ? `${id} was acknowledged before it was stored` : "").toBe("");
    }
  }

  async #crash(pick: number): Promise<boolean> {
    const { written, handedIn } = this.#store;
    const reached = written + (pick % (handedIn - written + 1));
    this.#parts.abandon();
    const survivor = this.#store.crash(reached);
    await this.#checkPromisesAfterCrash(survivor);
    const naive = this.#history.get(reached)?.restarted(this.#naive.nowMs);
    if (naive === undefined) return false;
    expect(await storyOf(survivor)).toEqual(foreseenStory(naive));
    await this.#restart(survivor, naive);
    return true;
  }

  /** Whatever was acknowledged has survived, wherever the writes broke off. */
  async #checkPromisesAfterCrash(survivor: CrashStore): Promise<void> {
    const { messages } = await storyOf(survivor);
    const ids = new Set(messages.map(({ id }) => id));
    const kept = this.#promised.filter(({ outcome }) => outcome.state === "done");
    const ended = new Set(kept.filter(({ kind }) => kind === "ended").map(({ id }) => id));
    for (const id of ended) expect(ids).not.toContain(id);
  }

  async #restart(survivor: CrashStore, naive: NaiveHub): Promise<void> {
    this.#store = survivor;
    this.#naive = naive;
    this.#promised = [];
    this.#checks.length = 0;
    this.#parts = await HubParts.open(survivor.asStore(), SETTINGS, naive.nowMs);
    this.#history = new Map();
    // What came due while it was down is due now, all at once: records that waited leave first.
    this.#parts.clock.advance(0);
    this.#naive.closeBatch();
    this.#naive.pass(0);
    this.#remember();
  }

  #remember(): void {
    this.#history.set(this.#store.handedIn, this.#naive.copy());
  }
}

async function storyOf(store: CrashStore) {
  const state = await loadHubState(store.asStore());
  const entries = state.queues.get(DEVICE)?.entries ?? [];
  return {
    messages: entries.map(({ payload, deliveryCount, isRedelivered, expiryTimeMs }) => ({
      id: payload.system.messageId ?? "",
      count: deliveryCount,
      wasHandedOut: isRedelivered,
      expiryTimeMs,
    })),
    waiting: state.waitingFeedback.map(({ record }) => told(record)),
    batches: state.feedbackQueue.entries.map(({ payload, deliveryCount }) => ({
      records: payload.map(told),
      count: deliveryCount,
    })),
  };
}

function told(record: {
  originalMessageId: string;
  statusCode: string;
  enqueuedTimeUtcMs: number;
}) {
  const { originalMessageId: id, statusCode: status, enqueuedTimeUtcMs: timeMs } = record;
  return { id, status, timeMs };
}

function foreseenStory({ messages, waiting, batches }: NaiveHub) {
  return {
    messages: messages.map(({ id, count, wasHandedOut, expiryTimeMs }) => ({
      id,
      count,
      wasHandedOut,
      expiryTimeMs,
    })),
    waiting,
    batches: batches.map(({ records, count }) => ({ records, count })),
  };
}
