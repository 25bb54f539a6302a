import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { describe, expect, it, onTestFinished } from "vitest";
import { openLevelStore } from "../../../src/hub/store/level-store.ts";
import { loadHubState } from "../../../src/hub/store/records.ts";
import type { Store } from "../../../src/hub/store/store.ts";
import { temporaryDirectory } from "../../support/local-hub.ts";
import { createTestHub, devicebound, message } from "../../support/test-hub.ts";

async function open(directory: string): Promise<Store> {
  const store = await openLevelStore(directory);
  onTestFinished(() => store.close());
  return store;
}

/** What a store holds when it is opened anew. */
async function reopened(directory: string): Promise<[string, unknown][]> {
  const store = await open(directory);
  const records: [string, unknown][] = [];
  for await (const [key, value] of store.load()) records.push([key, value]);
  await store.close();
  return records;
}

async function withRecords(): Promise<string> {
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
  it("gives back after reopening what was written, by key in order, and nothing of its own", async () => {
    const directory = join(temporaryDirectory(), "store");
    const store = await open(directory);
    await store.write([
      { type: "put", key: "b", value: { n: 1 } },
      { type: "put", key: "a", value: "ü" },
      { type: "put", key: "c", value: 0 },
    ]);
    await store.write([{ type: "delete", key: "c" }]);
    await store.close();
    expect(await reopened(directory)).toEqual([
      ["a", "ü"],
      ["b", { n: 1 }],
    ]);
  });

  it("keeps the order of writes that were handed in at once", async () => {
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
    expect(await reopened(directory)).toEqual([["last", 199]]);
  });

  it("finishes what is on its way before it closes", async () => {
    const directory = temporaryDirectory();
    const store = await open(directory);
    const written = store.write([{ type: "put", key: "k", value: 1 }]);
    await store.close();
    await written;
    expect(await reopened(directory)).toEqual([["k", 1]]);
  });

  it("takes no more once a write has failed, and opens again with what was written before", async () => {
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
    expect(await reopened(directory)).toEqual([["a", 1]]);
  });

  it("may be closed twice", async () => {
    const store = await open(temporaryDirectory());
    await store.close();
    await store.close();
  });

  it("is refused with StoreInUse while it is open elsewhere, and free again afterwards", async () => {
    const directory = temporaryDirectory();
    const store = await open(directory);
    await expect(openLevelStore(directory)).rejects.toMatchObject({ name: "StoreInUse" });
    await store.close();
    await open(directory);
  });

  it("of a newer format is refused with StoreTooNew and left unchanged", async () => {
    const directory = await withRecords();
    const seal = JSON.stringify({ format: 2, how: "unknown" });
    await changeRaw(directory, (db) => db.put("!seal", seal));
    await expect(openLevelStore(directory)).rejects.toMatchObject({ name: "StoreTooNew" });
    await changeRaw(directory, async (db) => expect(await db.get("!seal")).toBe(seal));
  });
});

describe("a store is refused with StoreDamaged, and not opened as a new one,", () => {
  const files = (directory: string, ending: RegExp): string[] =>
    readdirSync(directory)
      .filter((name) => ending.test(name))
      .map((name) => join(directory, name));
  const remove = (file: string): void => rmSync(file);
  const empty = (file: string): void => truncateSync(file);
  it.each<[string, (directory: string) => void | Promise<void>]>([
    ["when a record is gone", (at) => changeRaw(at, (db) => db.del("a"))],
    ["when a record has changed", (at) => changeRaw(at, (db) => db.put("a", "2"))],
    ["when a record has come", (at) => changeRaw(at, (db) => db.put("c", "3"))],
    ["when a record is no JSON", (at) => changeRaw(at, (db) => db.put("a", "{"))],
    ["when its seal is gone", (at) => changeRaw(at, (db) => db.del("!seal"))],
    ["when its seal is no JSON", (at) => changeRaw(at, (db) => db.put("!seal", "x"))],
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
    const directory = await withRecords();
    await damage(directory);
    await expect(openLevelStore(directory)).rejects.toMatchObject({ name: "StoreDamaged" });
    await expect(openLevelStore(directory)).rejects.toMatchObject({ name: "StoreDamaged" });
  });
});

describe("a hub that starts again", () => {
  async function restarted(
    before: (hub: Awaited<ReturnType<typeof createTestHub>>) => Promise<void>,
    devices = ["device1"],
  ) {
    const directory = temporaryDirectory();
    const store = await open(directory);
    await before(await createTestHub({ store, devices }));
    await store.close();
    const looked = await open(directory);
    const state = await loadHubState(looked);
    await looked.close();
    const hub = await createTestHub({ store: await open(directory), devices: [] });
    return { ...hub, state };
  }

  it("knows its devices, keys included", async () => {
    let keys: unknown;
    const hub = await restarted(async ({ registry }) => {
      keys = registry.get("device1");
    });
    expect(hub.registry.get("device1")).toEqual(keys);
  });

  // Rule c2d-order.
  it("has the messages that waited, whole, and goes on counting their numbers", async () => {
    const sent = message({
      messageId: "m1",
      messageIdType: "uuid",
      correlationId: "7",
      correlationIdType: "ulong",
      ack: "full",
      properties: { "k/=&": "ü", __proto__x: "", none: null },
      body: "\0ü",
    });
    const hub = await restarted(async ({ cloudToDevice }) => {
      await cloudToDevice.send("device1", sent);
      await cloudToDevice.send("device1", message());
    });
    const { queues } = hub.state;
    expect(queues.get("device1")?.entries[0]?.payload).toEqual(sent);
    await hub.send({ messageId: "m3" });
    expect(hub.log.of("enqueued")).toMatchObject([{ sequenceNumber: 3 }]);
  });

  // Rule c2d-order.
  it("does not use the numbers of completed messages again", async () => {
    const hub = await restarted(async ({ cloudToDevice }) => {
      await cloudToDevice.send("device1", message());
      await cloudToDevice.purge("device1");
    });
    await hub.send();
    expect(hub.log.of("enqueued")).toMatchObject([{ sequenceNumber: 2 }]);
  });

  // Rules c2d-redelivered, mqtt-session.
  it("brings what was delivered and not acknowledged once more, marked as a duplicate", async () => {
    const hub = await restarted(async (first) => {
      const { peer } = await first.connectDevice();
      await peer.subscribe(devicebound());
      await first.send({ messageId: "m1" });
      await peer.nextPublish();
    });
    const { peer, connack } = await hub.connectDevice();
    expect(connack.sessionPresent).toBe(true);
    expect(await peer.nextPublish()).toMatchObject({ dup: true });
  });

  it("does not bring what was acknowledged", async () => {
    const hub = await restarted(async (first) => {
      const { peer } = await first.connectDevice();
      await peer.subscribe(devicebound());
      await first.send();
      peer.acknowledge(await peer.nextPublish());
      await peer.ping();
    });
    expect(hub.cloudToDevice.countOf("device1")).toBe(0);
  });

  it("has the feedback that waited, in a batch and not yet in one", async () => {
    const hub = await restarted(async (first) => {
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
  ])("has the messages of a device called %s, and of no other", async (deviceId) => {
    const hub = await restarted(
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
  it("has nothing of a deleted device, whose name is free for a new one", async () => {
    const hub = await restarted(async ({ cloudToDevice, registry }) => {
      await cloudToDevice.send("device1", message());
      await registry.delete("device1", "*");
      await registry.create("device1");
    });
    expect(hub.cloudToDevice.countOf("device1")).toBe(0);
  });

  // Rule c2d-device-deleted.
  it("has no feedback that waited of a deleted device, but that of others", async () => {
    const hub = await restarted(
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
  it("knows when its devices were last active, though it wrote that seldom", async () => {
    const hub = await restarted(async (first) => {
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
  it("knows nothing of what a deleted device did", async () => {
    const hub = await restarted(async (first) => {
      await first.connectDevice();
      first.services.activity.flush();
      await first.registry.delete("device1", "*");
      await first.registry.create("device1");
    });
    expect(hub.services.activity.find("device1")).toEqual({});
  });
});
