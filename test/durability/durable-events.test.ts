/** Events report what is durable, in the order in which it happened, whatever their listeners do. */

import { describe, expect, it } from "vitest";
import type { HubEvent } from "../../src/hub/model/events.ts";
import type { FeedbackDelivery } from "../../src/hub/model/feedback-queue.ts";
import { createTestHub, message } from "../support/test-hub.ts";
import { CrashStore, settled } from "./crash-store.ts";

const DEVICE = "device1";

/** A hub on a disk that writes when it is told to, with one device, and what can be done to it. */
async function openStage() {
  const store = new CrashStore();
  const hub = await createTestHub({
    store: store.asStore(),
    devices: [],
    settings: { maxDeliveryCount: 2 },
  });
  const { cloudToDevice, deviceToCloud, feedback, registry, services } = hub;
  const lockTokens: string[] = [];
  const batches: FeedbackDelivery[] = [];
  const refused: unknown[] = [];
  const attempt = (promise: Promise<unknown>): void => {
    promise.catch((error: unknown) => refused.push(error));
  };
  const stage = {
    hub,
    store,
    refused,
    types: (): HubEvent["type"][] => hub.log.all.map(({ type }) => type),
    create: () => attempt(registry.ensure(DEVICE)),
    connect: () => services.connections.claim(DEVICE, { protocol: "amqp", close: () => {} }),
    send: (ack: "none" | "full" = "none") =>
      attempt(cloudToDevice.send(DEVICE, message({ messageId: "m1", ack }))),
    take: () => {
      const taken = cloudToDevice.take(DEVICE);
      if (taken !== undefined) lockTokens.push(taken.lockToken);
    },
    settle: (settlement: "complete" | "abandon" | "reject") =>
      attempt(cloudToDevice.settle(DEVICE, lockTokens.shift() ?? "", settlement)),
    purge: () => attempt(cloudToDevice.purge(DEVICE)),
    telemetry: () =>
      attempt(deviceToCloud.receive({ deviceId: DEVICE, authMethod: "{}" }, [message()])),
    delete: () => attempt(registry.delete(DEVICE, "*")),
    disable: () => attempt(registry.update(DEVICE, { status: "disabled" }, "*")),
    takeBatch: () => {
      const taken = feedback.take();
      if (taken !== undefined) batches.push(taken);
    },
    settleBatch: () => attempt(feedback.settle(batches[0]?.lockToken ?? "", "complete")),
    pass: (ms: number) => hub.clock.advance(ms),
    async flush() {
      while (store.handedIn > store.written) await store.flush();
    },
  };
  stage.create();
  await stage.flush();
  return stage;
}

type Stage = Awaited<ReturnType<typeof openStage>>;

interface Row {
  /** Durable before it begins. */
  readonly before?: (stage: Stage) => void | Promise<void>;
  readonly act: (stage: Stage) => void;
  /** In this order. */
  readonly reported: readonly HubEvent["type"][];
}

const deliver = (stage: Stage): void => {
  stage.send();
  stage.take();
};

/** Connected, with a hub that ends the connection when it has to. */
const connected = (stage: Stage): void => {
  const handle = stage.hub.services.connections.claim(DEVICE, {
    protocol: "amqp",
    close: ({ message: reason }) => handle.release(reason),
  });
};

/** A batch of one record waits to be read. */
const complete = (stage: Stage): void => {
  stage.send("full");
  stage.take();
  stage.settle("complete");
};

const ROWS: readonly (readonly [name: string, row: Row])[] = [
  ["a message sent", { act: ({ send }) => send(), reported: ["enqueued"] }],
  [
    "a message taken",
    { before: ({ send }) => send(), act: ({ take }) => take(), reported: ["delivered"] },
  ],
  [
    "a message completed",
    { before: deliver, act: ({ settle }) => settle("complete"), reported: ["settled"] },
  ],
  [
    "a message abandoned",
    { before: deliver, act: ({ settle }) => settle("abandon"), reported: ["settled", "requeued"] },
  ],
  [
    "a message rejected",
    {
      before: deliver,
      act: ({ settle }) => settle("reject"),
      reported: ["settled", "deadLettered"],
    },
  ],
  [
    "a message that asked for feedback and is purged",
    {
      before: ({ send }) => send("full"),
      act: ({ purge }) => purge(),
      reported: ["deadLettered", "feedback"],
    },
  ],
  [
    "a lock that runs out",
    { before: deliver, act: ({ pass }) => pass(60_000), reported: ["requeued"] },
  ],
  [
    "a message that expires",
    {
      before: ({ send }) => send(),
      act: ({ pass }) => pass(3_600_000),
      reported: ["deadLettered"],
    },
  ],
  ["telemetry", { act: ({ telemetry }) => telemetry(), reported: ["telemetry"] }],
  [
    "a batch of feedback formed and taken",
    {
      before: complete,
      act: ({ pass, takeBatch }) => {
        pass(15_000);
        takeBatch();
      },
      reported: ["feedbackDelivered"],
    },
  ],
  [
    "a batch of feedback settled",
    {
      before: async (stage) => {
        complete(stage);
        await stage.flush();
        stage.pass(15_000);
        stage.takeBatch();
      },
      act: ({ settleBatch }) => settleBatch(),
      reported: ["feedbackSettled"],
    },
  ],
  [
    "a connected device deleted",
    { before: connected, act: (stage) => stage.delete(), reported: ["deviceDisconnected"] },
  ],
  [
    "a connected device disabled",
    { before: connected, act: (stage) => stage.disable(), reported: ["deviceDisconnected"] },
  ],
  [
    "a connection made after a message was sent",
    {
      act: ({ send, connect }) => {
        send();
        connect();
      },
      reported: ["enqueued", "deviceConnected"],
    },
  ],
  [
    "telemetry between two messages sent",
    {
      act: ({ send, telemetry }) => {
        send();
        telemetry();
        send();
      },
      reported: ["enqueued", "telemetry", "enqueued"],
    },
  ],
  [
    "a message sent, completed and followed by telemetry",
    {
      act: (stage) => {
        complete(stage);
        stage.telemetry();
      },
      reported: ["enqueued", "delivered", "settled", "feedback", "telemetry"],
    },
  ],
];

async function begin({ before, act }: Row): Promise<Stage> {
  const stage = await openStage();
  await before?.(stage);
  await stage.flush();
  stage.hub.log.all.length = 0;
  act(stage);
  await settled();
  return stage;
}

describe.each(ROWS)("%s", (_name, row) => {
  it("is reported once it is durable, in order", async () => {
    const stage = await begin(row);
    expect(stage.types()).toEqual([]);
    await stage.flush();
    expect(stage.types()).toEqual(row.reported);
    expect(stage.refused).toEqual([]);
  });

  it("is reported step by step, never ahead of its own write", async () => {
    const stage = await begin(row);
    while (stage.store.handedIn > stage.store.written) {
      const known = stage.types();
      await stage.store.flush(1);
      expect(row.reported.slice(0, known.length)).toEqual(known);
    }
    expect(stage.types()).toEqual(row.reported);
  });

  it("is never reported when the store fails", async () => {
    const stage = await begin(row);
    await stage.store.fail(new Error("no disk"));
    // A store that goes on all the same changes nothing: what comes later rests on what is lost.
    await stage.flush();
    stage.connect();
    await settled();
    expect(stage.types()).toEqual([]);
  });
});

// Rule c2d-early-delivery.
describe("a message whose acceptance is not durable yet", () => {
  it("may be delivered and settled, while its sender waits; a crash leaves nothing of it", async () => {
    const stage = await openStage();
    const { hub, store } = stage;
    let isAccepted = false;
    void hub.send({ messageId: "early", ack: "full" }).then(() => {
      isAccepted = true;
    });
    const taken = hub.cloudToDevice.take(DEVICE);
    expect(taken?.entry.payload.system.messageId).toBe("early");
    void hub.cloudToDevice.settle(DEVICE, taken?.lockToken ?? "", "complete");
    await settled();
    expect(isAccepted).toBe(false);
    expect(store.handedIn).toBeGreaterThan(store.written);
    const survivor = store.crash(store.written);
    const again = await createTestHub({ store: survivor.asStore(), devices: [] });
    expect(again.cloudToDevice.countOf(DEVICE)).toBe(0);
    expect(hub.log.all).toEqual([]);
  });

  it("comes again after a crash that its acceptance survived and its settlement did not", async () => {
    const { hub, store } = await openStage();
    const sent = hub.send({ messageId: "early", ack: "full" });
    const taken = hub.cloudToDevice.take(DEVICE);
    const completed = hub.cloudToDevice.settle(DEVICE, taken?.lockToken ?? "", "complete");
    let isCompleted = false;
    void completed.then(() => {
      isCompleted = true;
    });
    await store.flush(1);
    await sent;
    expect(isCompleted).toBe(false);
    const again = await createTestHub({
      store: store.crash(store.written).asStore(),
      devices: [],
    });
    expect(again.cloudToDevice.take(DEVICE)?.entry.payload.system.messageId).toBe("early");
    // The lock of before the crash is nobody's now.
    await expect(
      again.cloudToDevice.settle(DEVICE, taken?.lockToken ?? "", "complete"),
    ).rejects.toMatchObject({ name: "DeviceMessageLockLost" });
  });
});

describe("a listener that acts on the hub within an event", () => {
  const DEEDS: readonly (readonly [name: string, act: (stage: Stage) => void])[] = [
    ["sends", ({ send }) => send("full")],
    ["takes", ({ take }) => take()],
    ["settles", ({ settle }) => settle("complete")],
    ["purges", ({ purge }) => purge()],
    ["deletes the device", (stage) => stage.delete()],
    ["takes a batch", ({ takeBatch }) => takeBatch()],
  ];
  const STORY: readonly HubEvent["type"][] = [
    "enqueued",
    "delivered",
    "settled",
    "feedback",
    "telemetry",
  ];
  const cases = STORY.flatMap((type) => DEEDS.map(([name, act]) => ({ type, name, act })));

  it.each(cases)("$type: $name, after the change it was told of", async ({ type, act }) => {
    const stage = await openStage();
    stage.hub.log.all.length = 0;
    let writesBefore = -1;
    let isDone = false;
    stage.hub.events.subscribe((event) => {
      if (event.type !== type || isDone) return;
      isDone = true;
      writesBefore = stage.store.handedIn;
      act(stage);
    });
    const late: HubEvent["type"][] = [];
    stage.hub.events.subscribe((event) => late.push(event.type));
    complete(stage);
    stage.telemetry();
    const writesOfStory = stage.store.handedIn;
    await stage.flush();
    // The whole story was with the store before the listener could add to it.
    expect(writesBefore).toBeGreaterThanOrEqual(writesOfStory);
    expect(late.slice(0, STORY.length)).toEqual(STORY);
    // A listener that came after the one that acts hears the same, in the same order.
    expect(late).toEqual(stage.types());
  });
});

describe("a listener", () => {
  it("gets what happens after it subscribed, and nothing after it unsubscribed", async () => {
    const stage = await openStage();
    stage.send();
    const heard: HubEvent["type"][] = [];
    const leave = stage.hub.events.subscribe(({ type }) => heard.push(type));
    stage.telemetry();
    await stage.flush();
    expect(heard).toEqual(["telemetry"]);
    stage.telemetry();
    leave();
    await stage.flush();
    expect(heard).toEqual(["telemetry"]);
  });

  it("that throws does not keep events from others", async () => {
    const stage = await openStage();
    stage.hub.events.subscribe(() => {
      throw new Error("a listener's own fault");
    });
    const heard: HubEvent["type"][] = [];
    stage.hub.events.subscribe(({ type }) => heard.push(type));
    const warned = new Promise((resolve) => process.once("warning", resolve));
    stage.connect();
    await warned;
    expect(heard).toEqual(["deviceConnected"]);
  });
});

describe("an answer over HTTPS", () => {
  it("waits for changes of others that it rests on", async () => {
    const stage = await openStage();
    const token = stage.hub.policyToken("registryRead");
    stage.disable();
    let status: number | undefined;
    const asked = stage.hub.https("GET", `/devices/${DEVICE}`, token).then((response) => {
      status = response.status;
    });
    await settled();
    await settled();
    expect(status).toBeUndefined();
    await stage.flush();
    await asked;
    expect(status).toBe(200);
  });
});

describe("a device that is created again", () => {
  // Rule registry-activity.
  it("has not done anything, though the end of its last connection is reported late", async () => {
    const stage = await openStage();
    connected(stage);
    stage.delete();
    stage.create();
    await stage.flush();
    expect(stage.hub.services.activity.find(DEVICE)).toEqual({});
  });

  it("is there for whoever ensures it once it is durable", async () => {
    const stage = await openStage();
    void stage.hub.registry.create("device2");
    let isThere = false;
    void stage.hub.registry.ensure("device2").then(() => {
      isThere = true;
    });
    await settled();
    expect(isThere).toBe(false);
    await stage.flush();
    expect(isThere).toBe(true);
  });
});
