import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { describe, expect, it, onTestFinished } from "vitest";
import { openLevelStore } from "../../../src/hub/store/level-store.ts";
import { loadHubState } from "../../../src/hub/store/records.ts";
import { put, type Store } from "../../../src/hub/store/store.ts";
import { temporaryDirectory } from "../../support/local-hub.ts";
import { createTestHub, devicebound, message } from "../../support/test-hub.ts";

async function open(directory: string): Promise<Store> {
  const store = await openLevelStore(directory);
  onTestFinished(() => store.close());
  return store;
}

/** Reopens a store and reads all its records. */
async function readRecords(directory: string): Promise<[string, unknown][]> {
  const store = await open(directory);
  const records: [string, unknown][] = [];
  for await (const [key, value] of store.load()) records.push([key, value]);
  await store.close();
  return records;
}

async function createStoreWithRecords(): Promise<string> {
  const directory = join(temporaryDirectory(), "store");
  const store = await open(directory);
  await store.write([
    { type: "put", key: "a", value: 1 },
    { type: "put", key: "b", value: { text: "x".repeat(100) } },
  ]);
  await store.close();
  return directory;
}

async function changeRaw(
  directory: string,
  change: (db: ClassicLevel) => Promise<unknown>,
): Promise<void> {
  const db = new ClassicLevel(directory);
  await db.open();
  await change(db);
  await db.close();
}

describe("a store", () => {
  it("has the written records after reopening, by key in order, and no others", async () => {
    const directory = join(temporaryDirectory(), "store");
    const store = await open(directory);
    await store.write([
      { type: "put", key: "b", value: { n: 1 } },
      { type: "put", key: "a", value: "ü" },
      { type: "put", key: "c", value: 0 },
    ]);
    await store.write([{ type: "delete", key: "c" }]);
    await store.close();
    expect(await readRecords(directory)).toEqual([
      ["a", "ü"],
      ["b", { n: 1 }],
    ]);
  });

  it("keeps the order of concurrent writes", async () => {
    const directory = temporaryDirectory();
    const store = await open(directory);
    const writes = Array.from({ length: 200 }, (_, n) =>
      store.write([
        n % 2 ? { type: "delete", key: "k" } : { type: "put", key: "k", value: n },
        { type: "put", key: "last", value: n },
      ]),
    );
    await Promise.all(writes);
    await store.close();
    expect(await readRecords(directory)).toEqual([["last", 199]]);
  });

  it("finishes pending writes before it closes", async () => {
    const directory = temporaryDirectory();
    const store = await open(directory);
    const written = store.write([{ type: "put", key: "k", value: 1 }]);
    await store.close();
    await written;
    expect(await readRecords(directory)).toEqual([["k", 1]]);
  });

  it("refuses writes after one has failed, and reopens with what was written before", async () => {
    const directory = join(temporaryDirectory(), "store");
    const store = await open(directory);
    await store.write([{ type: "put", key: "a", value: 1 }]);
    const unwritable = [
      { type: "put", key: "b", value: 2 },
      { type: "put", key: "c", value: 3n },
    ] as const;
    await expect(store.write(unwritable)).rejects.toThrow(TypeError);
    await expect(store.write([{ type: "put", key: "d", value: 4 }])).rejects.toThrow(TypeError);
    await store.close();
    expect(await readRecords(directory)).toEqual([["a", 1]]);
  });

  it("may be closed twice", async () => {
    const store = await open(temporaryDirectory());
    await store.close();
    await store.close();
  });

  it("cannot be opened while it is open elsewhere (StoreInUse)", async () => {
    const directory = temporaryDirectory();
    const store = await open(directory);
    await expect(openLevelStore(directory)).rejects.toMatchObject({ name: "StoreInUse" });
    await store.close();
    await open(directory);
  });

  it("of a newer format is refused (StoreTooNew) and left unchanged", async () => {
    const directory = await createStoreWithRecords();
    const seal = JSON.stringify({ format: 3, how: "unknown" });
    await changeRaw(directory, (db) => db.put("!seal", seal));
    await expect(openLevelStore(directory)).rejects.toMatchObject({ name: "StoreTooNew" });
    await changeRaw(directory, async (db) => expect(await db.get("!seal")).toBe(seal));
  });
});

describe("a store is refused with StoreDamaged, not recreated,", () => {
  const files = (directory: string, ending: RegExp): string[] =>
    readdirSync(directory)
      .filter((name) => ending.test(name))
      .map((name) => join(directory, name));
  const remove = (file: string): void => rmSync(file);
  const empty = (file: string): void => truncateSync(file);
  it.each<[string, (directory: string) => void | Promise<void>]>([
    ["when a record is missing", (at) => changeRaw(at, (db) => db.del("a"))],
    ["when a record has changed", (at) => changeRaw(at, (db) => db.put("a", "2"))],
    ["when a record was added", (at) => changeRaw(at, (db) => db.put("c", "3"))],
    ["when a record is not JSON", (at) => changeRaw(at, (db) => db.put("a", "{"))],
    ["when its seal is missing", (at) => changeRaw(at, (db) => db.del("!seal"))],
    ["when its seal is not JSON", (at) => changeRaw(at, (db) => db.put("!seal", "x"))],
    ["when its seal is null", (at) => changeRaw(at, (db) => db.put("!seal", "null"))],
    ["without CURRENT", (at) => rmSync(join(at, "CURRENT"))],
    ["without MANIFEST", (at) => files(at, /^MANIFEST/).forEach(remove)],
    ["without its log", (at) => files(at, /\.(log|ldb)$/).forEach(remove)],
    ["with an empty log", (at) => files(at, /\.(log|ldb)$/).forEach(empty)],
    [
      "with a flipped bit in its log",
      (at) => {
        for (const file of files(at, /\.(log|ldb)$/)) {
          const bytes = readFileSync(file);
          if (bytes.length === 0) continue;
          const middle = Math.floor(bytes.length / 2);
          bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
          writeFileSync(file, bytes);
        }
      },
    ],
  ])("%s", async (_how, damage) => {
    const directory = await createStoreWithRecords();
    await damage(directory);
    await expect(openLevelStore(directory)).rejects.toMatchObject({ name: "StoreDamaged" });
    await expect(openLevelStore(directory)).rejects.toMatchObject({ name: "StoreDamaged" });
  });
});

describe("a restarted hub", () => {
  async function restart(
    before: (hub: Awaited<ReturnType<typeof createTestHub>>) => Promise<void>,
    devices = ["device1"],
  ) {
    const directory = temporaryDirectory();
    const store = await open(directory);
    await before(await createTestHub({ store, devices }));
    await store.close();
    const reopened = await open(directory);
    const state = await loadHubState(reopened);
    await reopened.close();
    const hub = await createTestHub({ store: await open(directory), devices: [] });
    return { ...hub, state };
  }

  it("has its devices, including their keys", async () => {
    let keys: unknown;
    const hub = await restart(async ({ registry }) => {
      keys = registry.get("device1");
    });
    expect(hub.registry.get("device1")).toEqual(keys);
  });

  // Rule c2d-order.
  it("has the queued messages, complete, and continues their sequence numbers", async () => {
    const sent = message({
      messageId: "m1",
      messageIdType: "uuid",
      correlationId: "7",
      correlationIdType: "ulong",
      ack: "full",
      properties: { "k/=&": "ü", __proto__x: "", none: null },
      body: "\0ü",
    });
    const hub = await restart(async ({ cloudToDevice }) => {
      await cloudToDevice.send("device1", sent);
      await cloudToDevice.send("device1", message());
    });
    const { queues } = hub.state;
    expect(queues.get("device1")?.entries[0]?.payload).toEqual(sent);
    await hub.send({ messageId: "m3" });
    expect(hub.log.of("enqueued")).toMatchObject([{ sequenceNumber: 3 }]);
  });

  // Rule c2d-order.
  it("does not reuse the sequence numbers of completed messages", async () => {
    const hub = await restart(async ({ cloudToDevice }) => {
      await cloudToDevice.send("device1", message());
      await cloudToDevice.purge("device1");
    });
    await hub.send();
    expect(hub.log.of("enqueued")).toMatchObject([{ sequenceNumber: 2 }]);
  });

  // Rules c2d-redelivered, mqtt-session.
  it("redelivers unacknowledged messages, marked as duplicates", async () => {
    const hub = await restart(async (first) => {
      const { peer } = await first.connectDevice();
      await peer.subscribe(devicebound());
      await first.send({ messageId: "m1" });
      await peer.nextPublish();
    });
    const { peer, connack } = await hub.connectDevice();
    expect(connack.sessionPresent).toBe(true);
    expect(await peer.nextPublish()).toMatchObject({ dup: true });
  });

  it("does not redeliver acknowledged messages", async () => {
    const hub = await restart(async (first) => {
      const { peer } = await first.connectDevice();
      await peer.subscribe(devicebound());
      await first.send();
      peer.acknowledge(await peer.nextPublish());
      await peer.ping();
    });
    expect(hub.cloudToDevice.countOf("device1")).toBe(0);
  });

  it("has the pending feedback, whether in a batch or not", async () => {
    const hub = await restart(async (first) => {
      const { peer } = await first.connectDevice();
      await peer.subscribe(devicebound());
      for (const messageId of ["m1", "m2"]) {
        await first.send({ messageId, ack: "full" });
        peer.acknowledge(await peer.nextPublish());
        await peer.ping();
        if (messageId === "m1") first.clock.advance(15_000);
      }
    });
    const { feedbackQueue, waitingFeedback } = hub.state;
    expect(feedbackQueue.entries.map(({ payload }) => payload)).toMatchObject([
      [{ originalMessageId: "m1" }],
    ]);
    expect(waitingFeedback).toMatchObject([{ record: { originalMessageId: "m2" } }]);
  });

  it("reads the first format, with progress apart, and leaves nothing of it", async () => {
    const directory = temporaryDirectory();
    const before = await open(directory);
    const content = (messageId: string) => ({
      payload: { system: { messageId }, properties: {}, body: "" },
      enqueuedTimeMs: 1,
      expiryTimeMs: 9e15,
    });
    await before.write([
      put("device/device1", {}),
      put("queue/device1/content/0000000000000002", content("waiting")),
      put("queue/device1/content/0000000000000003", content("abandoned")),
      put("queue/device1/last", 3),
      put("queue/device1/progress/0000000000000001", { deliveryCount: 4, isRedelivered: true }),
      put("queue/device1/progress/0000000000000003", { deliveryCount: 2, isRedelivered: true }),
    ]);
    await loadHubState(before);
    await before.close();
    const store = await open(directory);
    const { queues } = await loadHubState(store);
    expect(queues.get("device1")).toMatchObject({
      nextSequenceNumber: 4,
      entries: [
        { payload: { system: { messageId: "waiting" } }, deliveryCount: 0, isRedelivered: false },
        { payload: { system: { messageId: "abandoned" } }, deliveryCount: 2, isRedelivered: true },
      ],
    });
    await store.close();
    await changeRaw(directory, async (db) => {
      const keys = await db.keys().all();
      expect(keys.filter((key) => key.includes("progress"))).toEqual([]);
    });
  });

  it.each([
    "last",
    "content",
    "progress",
    "queue",
    "format",
    "feedback",
    "__proto__",
    "a:b,c",
    "x".repeat(128),
  ])("keeps the messages of device id %s apart from those of others", async (deviceId) => {
    const hub = await restart(
      async ({ cloudToDevice }) => {
        await cloudToDevice.send(deviceId, message({ messageId: "m1" }));
        await cloudToDevice.send("other", message({ messageId: "m2" }));
      },
      [deviceId, "other"],
    );
    expect(hub.cloudToDevice.countOf(deviceId)).toBe(1);
    expect(hub.cloudToDevice.countOf("other")).toBe(1);
  });

  // Rule c2d-device-deleted.
  it("has no messages of a deleted device, whose id can be used again", async () => {
    const hub = await restart(async ({ cloudToDevice, registry }) => {
      await cloudToDevice.send("device1", message());
      await registry.delete("device1", "*");
      await registry.create("device1");
    });
    expect(hub.cloudToDevice.countOf("device1")).toBe(0);
  });

  // Rule c2d-device-deleted.
  it("has no pending feedback of a deleted device, but that of others", async () => {
    const hub = await restart(
      async ({ cloudToDevice, feedback, registry }) => {
        for (const deviceId of ["device1", "device2"]) {
          await cloudToDevice.send(deviceId, message({ messageId: deviceId, ack: "full" }));
          await cloudToDevice.purge(deviceId);
        }
        expect(feedback.take()).toBeUndefined();
        await registry.delete("device1", "*");
      },
      ["device1", "device2"],
    );
    expect(hub.state.waitingFeedback).toMatchObject([{ record: { deviceId: "device2" } }]);
    hub.clock.advance(hub.settings.feedback.intervalMs);
    expect(hub.feedback.take()?.records).toMatchObject([{ deviceId: "device2" }]);
  });

  // Rule registry-activity.
  it("knows when its devices were last active, although it writes that rarely", async () => {
    const hub = await restart(async (first) => {
      const { peer } = await first.connectDevice();
      first.clock.advance(60_000);
      await first.send();
      await peer.subscribe(devicebound());
      await peer.nextPublish();
      await first.log.reached("delivered");
      first.services.activity.flush();
    });
    const connectedMs = Date.UTC(2026, 0, 1);
    expect(hub.services.activity.find("device1")).toEqual({
      lastActivityTimeMs: connectedMs + 60_000,
      connectionStateUpdatedTimeMs: connectedMs,
    });
  });

  // Rule registry-activity.
  it("has no activity of a deleted device", async () => {
    const hub = await restart(async (first) => {
      await first.connectDevice();
      first.services.activity.flush();
      await first.registry.delete("device1", "*");
      await first.registry.create("device1");
    });
    expect(hub.services.activity.find("device1")).toEqual({});
  });
});
