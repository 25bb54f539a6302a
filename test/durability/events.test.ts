import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HubError } from "../../src/core/hub-error.ts";
import type { StoredEvent } from "../../src/hub/model/device-to-cloud.ts";
import { openLevelStore } from "../../src/hub/store/level-store.ts";
import type { Store } from "../../src/hub/store/store.ts";
import { temporaryDirectory } from "../support/local-hub.ts";
import { storedEvents } from "../support/stored-events.ts";
import { createTestHub, type TestHub } from "../support/test-hub.ts";
import { CrashStore, settled } from "./crash-store.ts";

const DEVICE = "device1";
const DAY_MS = 24 * 3_600_000;

/** A hub on this store, with one device. */
async function openHub(store: CrashStore, logLimits = {}): Promise<TestHub> {
  const hub = await createTestHub({ store: store.asStore(), devices: [], logLimits });
  const created = hub.registry.ensure(DEVICE);
  await store.flush();
  await created;
  return hub;
}

function send(hub: Pick<TestHub, "deviceToCloud">, bodies: readonly string[]): Promise<void> {
  const sender = { deviceId: DEVICE, authMethod: "{}" };
  return hub.deviceToCloud.receive(
    sender,
    bodies.map((body) => ({ system: {}, properties: {}, body: Buffer.from(body) })),
  );
}

function bodyOf({ payload }: StoredEvent): string {
  return Buffer.from(payload.telemetry.body).toString();
}

function placeOf({ sequenceNumber, offset, enqueuedTimeMs }: StoredEvent) {
  return { sequenceNumber, offset, enqueuedTimeMs };
}

type Operation =
  | { readonly type: "send"; readonly count: number }
  | { readonly type: "flush"; readonly count: number }
  | { readonly type: "pass"; readonly byMs: number }
  | { readonly type: "crash"; readonly pick: number };

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("send" as const),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant("flush" as const),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("pass" as const), byMs: fc.nat(DAY_MS / 2) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("crash" as const), pick: fc.nat() }),
  },
);

/** A hub that may crash at any write, and a record of everything it acknowledged or delivered. */
class ModelRun {
  #store = new CrashStore();
  #hub: TestHub;
  #sent = 0;
  /** Acknowledged to their sender. */
  #acknowledged: string[] = [];
  /** Read from the hub, by sequence number. */
  readonly #seen = new Map<number, string>();

  private constructor(store: CrashStore, hub: TestHub) {
    this.#store = store;
    this.#hub = hub;
  }

  static async begin(): Promise<ModelRun> {
    const store = new CrashStore();
    return new ModelRun(store, await openHub(store));
  }

  async play(operation: Operation): Promise<void> {
    if (operation.type === "send") this.#send(operation.count);
    else if (operation.type === "flush") await this.#store.flush(operation.count);
    else if (operation.type === "pass") this.#hub.clock.advance(operation.byMs);
    else await this.#crash(operation.pick);
    await settled();
    this.#look();
  }

  async end(): Promise<void> {
    await this.#flushAll();
    this.#look();
  }

  #send(count: number): void {
    this.#sent += 1;
    const bodies = Array.from({ length: count }, (_, n) => `${this.#sent}.${n}/${count}`);
    send(this.#hub, bodies).then(
      () => this.#acknowledged.push(...bodies),
      (error: unknown) => expect(error).toBeInstanceOf(HubError),
    );
  }

  async #flushAll(): Promise<void> {
    while (this.#store.handedIn > this.#store.written) await this.#store.flush();
  }

  /** Events have consecutive numbers, and none has changed since it was first read. */
  #look(): void {
    const events = storedEvents(this.#hub.deviceToCloud);
    const [first] = events;
    expect(events.map(({ sequenceNumber }) => sequenceNumber)).toEqual(
      events.map((_, index) => (first?.sequenceNumber ?? 0) + index),
    );
    for (const event of events) {
      expect(this.#seen.get(event.sequenceNumber) ?? bodyOf(event)).toBe(bodyOf(event));
      this.#seen.set(event.sequenceNumber, bodyOf(event));
    }
  }

  async #crash(pick: number): Promise<void> {
    const { written, handedIn } = this.#store;
    const nowMs = this.#hub.clock.nowMs();
    const kept = this.#oldestKept();
    this.#store = this.#store.crash(written + (pick % (handedIn - written + 1)));
    this.#hub = await openHub(this.#store);
    this.#hub.clock.advance(nowMs - this.#hub.clock.nowMs());
    await this.#flushAll();
    const events = storedEvents(this.#hub.deviceToCloud);
    const bodies = events.map(bodyOf);
    // Events that were acknowledged or read survive, unless their retention has ended.
    const known = new Set([...this.#acknowledged, ...this.#seenFrom(kept)]);
    for (const body of known) if (!this.#isGone(body, kept)) expect(bodies).toContain(body);
    this.#expectWholeBatches(bodies);
  }

  /** The number of the oldest event, or of the next one if there is none. */
  #oldestKept(): number {
    const [first] = storedEvents(this.#hub.deviceToCloud);
    return first?.sequenceNumber ?? Math.max(-1, ...this.#seen.keys()) + 1;
  }

  #seenFrom(number: number): string[] {
    return [...this.#seen].filter(([key]) => key >= number).map(([, body]) => body);
  }

  #isGone(body: string, oldestKept: number): boolean {
    const [number = Number.NaN] = [...this.#seen].find(([, seen]) => seen === body) ?? [];
    return number < oldestKept;
  }

  #expectWholeBatches(bodies: readonly string[]): void {
    const kept = new Set(bodies);
    const oldest = bodies[0]?.split(".")[0];
    for (const body of bodies) {
      const [batch = "", count = "0"] = [body.split(".")[0], body.split("/")[1]];
      // The oldest batch may have been trimmed in the middle.
      if (batch === oldest) continue;
      for (let n = 0; n < Number(count); n++) expect(kept).toContain(`${batch}.${n}/${count}`);
    }
  }
}

// Rules d2c-durable, event-sequence.
describe("events, whenever the hub crashes", () => {
  it("survive if acknowledged or read, with their sequence numbers and whole batches", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async (operations) => {
        const run = await ModelRun.begin();
        for (const one of operations) await run.play(one);
        await run.end();
      }),
      { numRuns: 100 },
    );
  });

  it("are invisible until they are stored", async () => {
    const store = new CrashStore();
    const hub = await openHub(store);
    const sent = send(hub, ["0"]);
    await settled();
    expect(storedEvents(hub.deviceToCloud)).toEqual([]);
    for (const partitionId of hub.deviceToCloud.partitionIds) {
      expect(hub.deviceToCloud.propertiesOf(partitionId)).toMatchObject({
        lastSequenceNumber: -1,
        isEmpty: true,
      });
    }
    expect(await Promise.race([sent, "pending"])).toBe("pending");
    await store.flush();
    await sent;
    expect(storedEvents(hub.deviceToCloud)).toHaveLength(1);
  });
});

describe("a restarted hub", () => {
  it("has the same events, and continues after them", async () => {
    const store = new CrashStore();
    const before = await openHub(store);
    const sent = [send(before, ["0", "1"]), send(before, ["2"])];
    await store.flush();
    await Promise.all(sent);
    const events = storedEvents(before.deviceToCloud);
    const survivor = store.crash(store.written);
    const after = await openHub(survivor);
    expect(storedEvents(after.deviceToCloud)).toEqual(events);
    const next = send(after, ["3"]);
    await survivor.flush();
    await next;
    const last = storedEvents(after.deviceToCloud).at(-1);
    expect(last?.sequenceNumber).toBe(3);
    expect(last?.offset).toBeGreaterThan(events.at(-1)?.offset ?? Number.NaN);
  });

  it("keeps numbers and times in order when the clock was set back", async () => {
    const store = new CrashStore();
    const before = await openHub(store);
    before.clock.advance(3_600_000);
    const sent = send(before, ["0"]);
    await store.flush();
    await sent;
    // The clock of each test hub starts at the same time.
    const survivor = store.crash(store.written);
    const after = await openHub(survivor);
    const next = send(after, ["1"]);
    await survivor.flush();
    await next;
    const [first, second] = storedEvents(after.deviceToCloud).map(placeOf);
    expect(second?.enqueuedTimeMs).toBe(first?.enqueuedTimeMs);
    expect(second?.sequenceNumber).toBe(1);
  });

  // Rule event-retention.
  it("continues the numbering even if all events have been removed", async () => {
    const store = new CrashStore();
    const before = await openHub(store);
    const sent = send(before, ["0", "1", "2"]);
    await store.flush();
    await sent;
    const [event] = storedEvents(before.deviceToCloud);
    before.clock.advance(DAY_MS);
    await store.flush();
    const survivor = store.crash(store.written);
    const after = await openHub(survivor);
    expect(storedEvents(after.deviceToCloud)).toEqual([]);
    const next = send(after, ["3"]);
    await survivor.flush();
    await next;
    const [only] = storedEvents(after.deviceToCloud);
    expect(only?.sequenceNumber).toBe(3);
    expect(only?.offset).toBeGreaterThan(event?.offset ?? Number.NaN);
    const partitionId = after.log.of("telemetry")[0]?.partitionId ?? "";
    expect(after.deviceToCloud.propertiesOf(partitionId).beginSequenceNumber).toBe(3);
  });

  it("does not restore events that expired while it was down", async () => {
    const store = new CrashStore();
    const before = await openHub(store);
    const sent = send(before, ["0"]);
    await store.flush();
    await sent;
    const survivor = store.crash(store.written);
    const after = await openHub(survivor, { retentionMs: 0 });
    expect(storedEvents(after.deviceToCloud)).toEqual([]);
    await survivor.flush();
    const later = await openHub(survivor.crash(survivor.written));
    expect(storedEvents(later.deviceToCloud)).toEqual([]);
  });
});

describe("events in a LevelDB store", () => {
  async function onDisk(directory: string, run: (hub: TestHub) => Promise<void>): Promise<void> {
    const store: Store = await openLevelStore(directory);
    try {
      await run(await createTestHub({ store }));
    } finally {
      await store.close();
    }
  }

  it("are restored with every byte and property, and the numbering continues", async () => {
    const directory = join(temporaryDirectory(), "store");
    let before: StoredEvent[] = [];
    await onDisk(directory, async (hub) => {
      const message = {
        system: {
          messageId: "18446744073709551361",
          messageIdType: "ulong",
          correlationId: "c1",
          contentType: "application/json",
          expiryTimeUtcMs: Date.UTC(2027, 0, 1),
          interfaceId: "urn:a",
          creationTimeUtc: "2026-01-01T00:00:00Z",
        },
        properties: { "a b": "\u00fc", bare: null, empty: "" },
        body: Buffer.from([0, 255, 128, 10]),
      } as const;
      const sender = { deviceId: DEVICE, authMethod: '{"scope":"device"}' };
      await hub.deviceToCloud.receive(sender, [message, { ...message, system: {} }]);
      await send(hub, ["x".repeat(200_000)]);
      before = storedEvents(hub.deviceToCloud);
      expect(before).toHaveLength(3);
    });
    await onDisk(directory, async (hub) => {
      expect(storedEvents(hub.deviceToCloud)).toEqual(before);
      await send(hub, ["next"]);
      expect(storedEvents(hub.deviceToCloud).at(-1)?.sequenceNumber).toBe(3);
    });
  });

  it("are not restored after they were removed", async () => {
    const directory = join(temporaryDirectory(), "store");
    await onDisk(directory, async (hub) => {
      await send(hub, ["0", "1"]);
      hub.clock.advance(DAY_MS);
      await send(hub, ["2"]);
    });
    await onDisk(directory, async (hub) => {
      expect(storedEvents(hub.deviceToCloud).map(bodyOf)).toEqual(["2"]);
    });
  });
});
