/** What the page says of a message, whenever it was opened. */

import { describe, expect, test } from "vitest";
import type { MessageView } from "../../../src/hub/page/page-types.ts";
import { openLevelStore } from "../../../src/hub/store/level-store.ts";
import { temporaryDirectory } from "../../support/local-hub.ts";
import { atRest } from "../../support/test-clock.ts";
import {
  createTestHub,
  devicebound,
  type TestHub,
  type TestHubOptions,
} from "../../support/test-hub.ts";
import { watchPage } from "./support.ts";

const MINUTE_MS = 60_000;

async function take(hub: TestHub): Promise<string> {
  const delivery = hub.cloudToDevice.take("device1");
  if (delivery === undefined) throw new Error("no message waits");
  await atRest();
  return delivery.lockToken;
}

async function settle(hub: TestHub, settlement: "complete" | "abandon" | "reject"): Promise<void> {
  await hub.cloudToDevice.settle("device1", await take(hub), settlement);
}

/** Its device, over MQTT, until the connection ends. */
async function receive(hub: TestHub): Promise<() => Promise<void>> {
  const { peer, clientEnd } = await hub.connectDevice("device1", { clean: true });
  await peer.subscribe(devicebound());
  await peer.nextPublish();
  return async () => {
    clientEnd.destroy();
    await atRest();
  };
}

interface Life {
  readonly act: (hub: TestHub) => Promise<unknown>;
  readonly ack?: "full" | "positive" | "negative";
  readonly settings?: TestHubOptions["settings"];
  /** "kind" or "kind: detail". */
  readonly steps: readonly string[];
  readonly state: string;
  readonly next?: string;
}

const EXPIRES = "Expires unless it is settled";
const RETURNS = "Returns to the queue unless it is settled";
const BACK = "back in the queue";

const LIVES: Readonly<Record<string, Life>> = {
  "that waits": { act: async () => {}, steps: [], state: "enqueued: Enqueued", next: EXPIRES },
  "that is being handled": {
    act: take,
    steps: ["delivered"],
    state: "delivered: Invisible",
    next: RETURNS,
  },
  "that is being handled, and will expire first": {
    act: async (hub) => {
      hub.clock.advance(60 * MINUTE_MS - 1000);
      await take(hub);
    },
    steps: ["delivered"],
    state: "delivered: Invisible",
    next: EXPIRES,
  },
  completed: {
    act: (hub) => settle(hub, "complete"),
    steps: ["delivered", "completed"],
    state: "completed: Completed",
  },
  "completed, with feedback": {
    act: (hub) => settle(hub, "complete"),
    ack: "full",
    steps: ["delivered", "completed", "feedback: Success"],
    state: "completed: Completed",
  },
  "completed, without the feedback of a failure": {
    act: (hub) => settle(hub, "complete"),
    ack: "negative",
    steps: ["delivered", "completed"],
    state: "completed: Completed",
  },
  rejected: {
    act: (hub) => settle(hub, "reject"),
    ack: "negative",
    steps: ["delivered", "rejected: dead-lettered", "feedback: Rejected"],
    state: "rejected: Dead-lettered: Rejected",
  },
  "abandoned, and delivered again": {
    act: async (hub) => {
      await settle(hub, "abandon");
      await settle(hub, "abandon");
      await settle(hub, "complete");
    },
    steps: [
      "delivered",
      `abandoned: ${BACK}`,
      "delivered: delivery 2",
      `abandoned: ${BACK}`,
      "delivered: delivery 3",
      "completed",
    ],
    state: "completed: Completed",
  },
  abandoned: {
    act: (hub) => settle(hub, "abandon"),
    steps: ["delivered", `abandoned: ${BACK}`],
    state: "abandoned: Enqueued",
    next: EXPIRES,
  },
  "abandoned too often": {
    act: async (hub) => {
      await settle(hub, "abandon");
      await settle(hub, "abandon");
    },
    settings: { maxDeliveryCount: 2 },
    ack: "full",
    steps: [
      "delivered",
      `abandoned: ${BACK}`,
      "delivered: delivery 2",
      "abandoned",
      "deliveryCountExceeded: dead-lettered",
      "feedback: DeliveryCountExceeded",
    ],
    state: "deliveryCountExceeded: Dead-lettered: DeliveryCountExceeded",
  },
  "not settled in time": {
    act: async (hub) => {
      await take(hub);
      await hub.clock.pass(MINUTE_MS);
    },
    steps: ["delivered", `lockLost: not settled in time; ${BACK}`],
    state: "lockLost: Enqueued",
    next: EXPIRES,
  },
  "whose device has left": {
    act: async (hub) => {
      const leave = await receive(hub);
      await leave();
      const leaveAgain = await receive(hub);
      await leaveAgain();
    },
    steps: [
      "delivered",
      `lockLost: the connection ended; ${BACK}`,
      "delivered: delivery 2",
      `lockLost: the connection ended; ${BACK}`,
    ],
    state: "lockLost: Enqueued",
    next: EXPIRES,
  },
  "that has expired": {
    act: (hub) => hub.clock.pass(60 * MINUTE_MS),
    ack: "full",
    steps: ["expired: dead-lettered", "feedback: Expired"],
    state: "expired: Dead-lettered: Expired",
  },
  "that has expired while it was handled": {
    act: async (hub) => {
      hub.clock.advance(60 * MINUTE_MS - 1000);
      await take(hub);
      await hub.clock.pass(MINUTE_MS);
    },
    steps: ["delivered", "expired: dead-lettered"],
    state: "expired: Dead-lettered: Expired",
  },
  purged: {
    act: (hub) => hub.cloudToDevice.purge("device1"),
    ack: "full",
    steps: ["purged: dead-lettered", "feedback: Purged"],
    state: "purged: Dead-lettered: Purged",
  },
};

function describeSteps({ steps }: MessageView): string[] {
  return steps.map(({ kind, detail }) => (detail ? `${kind}: ${detail}` : kind));
}

describe.each(Object.entries(LIVES))("a message %s", (_, { act, ack, settings = {}, ...life }) => {
  async function live(hub: TestHub) {
    await hub.send({ messageId: "m1", body: "hello", ...(ack && { ack }) });
    await atRest();
    hub.clock.advance(10);
    await act(hub);
    await atRest();
  }

  function expectLife(view: MessageView | undefined) {
    expect(view).toMatchObject({ deviceId: "device1", messageId: "m1", sequenceNumber: 1 });
    expect(view).toMatchObject({ preview: "hello", bytes: 5 });
    if (view === undefined) return;
    expect(describeSteps(view)).toEqual(["enqueued", ...life.steps]);
    expect(`${view.state.kind}: ${view.state.label}`).toBe(life.state);
    expect(view.next?.label).toBe(life.next);
    expect(view.steps.every(({ label }) => /^[A-Z]/.test(label))).toBe(true);
    const times = view.steps.map(({ timeMs }) => timeMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  }

  test("is followed by an open page", async () => {
    const hub = await createTestHub({ settings });
    const { watch, changes } = await watchPage(hub);
    await live(hub);
    watch.update();
    expect(changes).toHaveLength(1);
    const [{ messages }] = changes;
    expect(messages).toHaveLength(1);
    expectLife(messages[0]);
    expect(watch.snapshot().messages).toEqual(messages);
  });

  test("is known to a page that is opened later", async () => {
    const hub = await createTestHub({ settings });
    await live(hub);
    const { watch, changes } = await watchPage(hub);
    const { messages } = watch.snapshot();
    expect(messages).toHaveLength(1);
    expectLife(messages[0]);
    watch.update();
    expect(changes).toEqual([]);
  });
});

test("what follows has its time", async () => {
  const hub = await createTestHub();
  const { watch } = await watchPage(hub);
  const nowMs = hub.clock.nowMs();
  await hub.send();
  await atRest();
  const next = () => watch.snapshot().messages[0]?.next?.timeMs;
  expect(next()).toBe(nowMs + 60 * MINUTE_MS);
  hub.clock.advance(1000);
  await take(hub);
  expect(next()).toBe(nowMs + 1000 + MINUTE_MS);
});

test("messages from an earlier run of the hub wait, with the time of their arrival", async () => {
  const directory = temporaryDirectory();
  const before = await createTestHub({ store: await openLevelStore(directory) });
  const firstMs = before.clock.nowMs();
  await before.send({ messageId: "m1", body: "first" });
  before.clock.advance(5);
  await before.send({ messageId: "m2", body: "second" });
  await before.services.store.durable();
  await before.services.store.close();

  const hub = await createTestHub({ store: await openLevelStore(directory) });
  hub.clock.advance(MINUTE_MS);
  await settle(hub, "abandon");
  await hub.send({ messageId: "m3", body: "third" });
  await hub.services.store.durable();
  const { watch } = await watchPage(hub);
  const { messages } = watch.snapshot();
  expect(messages.map(({ messageId, preview }) => [messageId, preview])).toEqual([
    ["m3", "third"],
    ["m2", "second"],
    ["m1", "first"],
  ]);
  expect(messages.map(describeSteps)).toEqual([
    ["enqueued"],
    ["enqueued"],
    ["enqueued", "delivered", `abandoned: ${BACK}`],
  ]);
  expect(messages[2]?.steps[0]?.timeMs).toBe(firstMs);
  await settle(hub, "complete");
  await hub.services.store.durable();
  const [, , first] = watch.snapshot().messages;
  expect(first?.state.label).toBe("Completed");
  await hub.services.store.close();
});

test("feedback goes to the message that it is about, although others have its id", async () => {
  const hub = await createTestHub();
  const { watch } = await watchPage(hub);
  for (const ack of ["full", "none", "full"] as const) await hub.send({ messageId: "m", ack });
  await settle(hub, "complete");
  await settle(hub, "reject");
  await settle(hub, "reject");
  await atRest();
  const { messages } = watch.snapshot();
  expect(messages.map((view) => describeSteps(view).at(-1))).toEqual([
    "feedback: Rejected",
    "rejected: dead-lettered",
    "feedback: Success",
  ]);
});

test("what waited for a deleted device is dropped; a new one with its id has its own", async () => {
  const hub = await createTestHub();
  const { watch } = await watchPage(hub);
  await hub.send({ messageId: "old", ack: "full" });
  await settle(hub, "complete");
  await hub.send({ messageId: "waiting" });
  await atRest();
  watch.deleteDevice("device1");
  await hub.registry.delete("device1", "*");
  await hub.registry.create("device1");
  await hub.send({ messageId: "new" });
  await atRest();
  const { messages } = watch.snapshot();
  expect(messages.map((view) => [view.messageId, describeSteps(view).at(-1)])).toEqual([
    ["new", "enqueued"],
    ["waiting", "purged: the device was deleted"],
    ["old", "feedback: Success"],
  ]);
  expect(new Set(messages.map(({ key }) => key)).size).toBe(3);
});

test("what waited for a device that is gone is not shown to a page that is opened later", async () => {
  const hub = await createTestHub();
  await hub.send({ messageId: "done" });
  await settle(hub, "complete");
  await hub.send({ messageId: "waiting" });
  await hub.registry.delete("device1", "*");
  await atRest();
  const { watch } = await watchPage(hub);
  expect(watch.snapshot().messages.map(({ messageId }) => messageId)).toEqual(["done"]);
});

test("what waited for a device with the same id, before it, is not shown later either", async () => {
  const hub = await createTestHub();
  await hub.send({ messageId: "waiting" });
  hub.clock.advance(1);
  await hub.registry.delete("device1", "*");
  await hub.registry.create("device1");
  await hub.send({ messageId: "new" });
  await atRest();
  const { watch } = await watchPage(hub);
  expect(watch.snapshot().messages.map(({ messageId }) => messageId)).toEqual(["new"]);
});

test("the last 1,000 are kept, the newest first", async () => {
  const hub = await createTestHub({ settings: { queueDepth: 2000 } });
  const send = async (from: number, to: number) => {
    for (let n = from; n <= to; n++) await hub.send({ messageId: `m${n}` });
    await atRest();
  };
  const newest = (views: readonly MessageView[]) => views.map(({ messageId }) => messageId);
  const down = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => `m${from - index}`);
  await send(1, 1005);
  const { watch, changes } = await watchPage(hub);
  expect(newest(watch.snapshot().messages)).toEqual(down(1005, 1000));
  await send(1006, 1010);
  watch.update();
  expect(newest(changes[0].messages)).toEqual(down(1010, 5));
  expect(newest(watch.snapshot().messages)).toEqual(down(1010, 1000));
});
