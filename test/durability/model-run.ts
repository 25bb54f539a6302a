import { expect } from "vitest";
import { AZURE_DEFAULTS, type CloudToDeviceSettings } from "../../src/core/limits.ts";
import { loadHubState } from "../../src/hub/store/records.ts";
import { CrashStore, settled } from "./crash-store.ts";
import { HubModel } from "./hub-model.ts";
import { DEVICE, HubParts, Outcome } from "./hub-parts.ts";
import type { Operation } from "./operations.ts";

/** Durations that never coincide, so that the order of due times is unambiguous. */
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

/** The acknowledged operations, by write. */
interface Promised {
  readonly id: string;
  readonly kind: "accepted" | "ended";
  readonly outcome: Outcome;
  readonly writesBefore: number;
}

/** Runs the same operations on the real hub and on the model. */
export class ModelRun {
  #store: CrashStore;
  #parts: HubParts;
  #model = new HubModel(SETTINGS, START_MS);
  /** The model after this many writes to the store. */
  #history = new Map<number, HubModel>();
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

  /** @returns false if the run must end, because the hub crashed in the middle of an operation. */
  async play(operation: Operation): Promise<boolean> {
    if (operation.type === "crash") return this.#crash(operation.pick);
    await this.#do(operation);
    this.#remember();
    await settled();
    this.#checkPromises();
    expect(this.#parts.cloudToDevice.countOf(DEVICE)).toBe(this.#model.messages.length);
    return true;
  }

  async end(): Promise<void> {
    await this.#flush();
    this.#parts.abandon();
  }

  async #do(operation: Exclude<Operation, { type: "crash" }>): Promise<void> {
    // Sending and purging may overlap earlier writes; all else waits for them.
    if (operation.type !== "send" && operation.type !== "purge") await this.#flush();
    switch (operation.type) {
      case "send":
        return this.#send(operation);
      case "take":
        this.#parts.take();
        return this.#model.take();
      case "settle":
        return this.#settle(operation);
      case "purge":
        void this.#parts.cloudToDevice.purge(DEVICE);
        return this.#model.purge();
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
    const expiryTimeMs = ttlMs === undefined ? undefined : this.#model.nowMs + ttlMs;
    this.#promise(
      id,
      "accepted",
      () => this.#parts.send(id, ack, expiryTimeMs),
      () => this.#model.send(id, ack, expiryTimeMs),
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
      () => this.#model.settle(index, settlement),
    );
  }

  /** A refusal is immediate and as expected; an acknowledgement waits for the disk. */
  #promise(
    id: string,
    kind: Promised["kind"],
    ask: () => Promise<void>,
    foresee: () => string,
  ): void {
    const writesBefore = this.#store.handedIn;
    const outcome = new Outcome(ask());
    const expected = foresee();
    this.#promised.push({ id, kind, outcome, writesBefore });
    const isForeseen = (): void => {
      expect(["pending", expected]).toContain(outcome.state);
    };
    this.#checks.push(isForeseen);
  }

  #connectOrDisconnect(): void {
    if (this.#parts.isConnected) {
      this.#parts.disconnect();
      this.#model.disconnect();
    } else {
      this.#parts.connect();
      this.#model.connect();
    }
  }

  /** Steps from one due time to the next, and stores the writes of each. */
  async #pass(byMs: number): Promise<void> {
    const untilMs = this.#model.nowMs + byMs;
    for (;;) {
      const stepMs = Math.min(this.#model.nextMs(), untilMs) - this.#model.nowMs;
      this.#parts.clock.advance(stepMs);
      this.#model.pass(stepMs);
      if (this.#model.nowMs >= untilMs) return;
      await this.#flush();
    }
  }

  #attachOrDetachReader(): void {
    if (this.#parts.isReading) {
      this.#parts.detachReader();
      this.#model.detachReader();
    } else {
      this.#parts.attachReader();
      this.#model.attachReader();
    }
  }

  #settleBatch({ pick, settlement }: Extract<Operation, { type: "settleBatch" }>): void {
    const { heldBatches } = this.#parts;
    if (heldBatches.length === 0) return;
    const index = pick % heldBatches.length;
    void this.#parts.settleBatch(index, settlement);
    this.#model.settleBatch(index, settlement);
  }

  /** Everything is written to disk; then disk, memory and the model must agree. */
  async #flush(): Promise<void> {
    while (this.#store.handedIn > this.#store.written) await this.#store.flush();
    for (const { outcome } of this.#promised) expect(outcome.state).not.toBe("pending");
    const heldMessages = this.#parts.held.map(
      ({ entry }) => `${entry.payload.system.messageId} (${entry.deliveryCount})`,
    );
    expect(heldMessages).toEqual(this.#model.held.map(({ seen }) => seen));
    const batches = this.#parts.heldBatches.map(({ records }) =>
      records.map(({ originalMessageId }) => originalMessageId),
    );
    const expected = this.#model.heldBatches.map(({ records }) => records.map(({ id }) => id));
    expect(batches).toEqual(expected);
    expect(await stateOf(this.#store)).toEqual(expectedState(this.#model));
  }

  /** Nothing is acknowledged before it is on the disk. */
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
    const model = this.#history.get(reached)?.restarted(this.#model.nowMs);
    if (model === undefined) return false;
    expect(await stateOf(survivor)).toEqual(expectedState(model));
    await this.#restart(survivor, model);
    return true;
  }

  /** Everything acknowledged has survived, wherever the writes stopped. */
  async #checkPromisesAfterCrash(survivor: CrashStore): Promise<void> {
    const { messages } = await stateOf(survivor);
    const ids = new Set(messages.map(({ id }) => id));
    const kept = this.#promised.filter(({ outcome }) => outcome.state === "done");
    const ended = new Set(kept.filter(({ kind }) => kind === "ended").map(({ id }) => id));
    for (const id of ended) expect(ids).not.toContain(id);
  }

  async #restart(survivor: CrashStore, model: HubModel): Promise<void> {
    this.#store = survivor;
    this.#model = model;
    this.#promised = [];
    this.#checks.length = 0;
    this.#parts = await HubParts.open(survivor.asStore(), SETTINGS, model.nowMs);
    this.#history = new Map();
    // Everything that became due while it was down is due now; waiting records go first.
    this.#parts.clock.advance(0);
    this.#model.closeBatch();
    this.#model.pass(0);
    this.#remember();
  }

  #remember(): void {
    this.#history.set(this.#store.handedIn, this.#model.copy());
  }
}

async function stateOf(store: CrashStore) {
  const state = await loadHubState(store.asStore());
  const entries = state.queues.get(DEVICE)?.entries ?? [];
  return {
    messages: entries.map(({ payload, deliveryCount, isRedelivered, expiryTimeMs }) => ({
      id: payload.system.messageId ?? "",
      count: deliveryCount,
      wasHandedOut: isRedelivered,
      expiryTimeMs,
    })),
    waiting: state.waitingFeedback.map(({ record }) => summaryOf(record)),
    batches: state.feedbackQueue.entries.map(({ payload, deliveryCount }) => ({
      records: payload.map(summaryOf),
      count: deliveryCount,
    })),
  };
}

function summaryOf(record: {
  originalMessageId: string;
  statusCode: string;
  enqueuedTimeUtcMs: number;
}) {
  const { originalMessageId: id, statusCode: status, enqueuedTimeUtcMs: timeMs } = record;
  return { id, status, timeMs };
}

function expectedState({ messages, waiting, batches }: HubModel) {
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
