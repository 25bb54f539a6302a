/** Events report durable changes in order, whatever their listeners do. */

import { describe, expect, it } from "vitest";
import type { HubEvent } from "../../src/hub/model/events.ts";
import type { FeedbackDelivery } from "../../src/hub/model/feedback-queue.ts";
import { createTestHub, message } from "../support/test-hub.ts";
import { CrashStore, settled } from "./crash-store.ts";

const DEVICE = "device1";

/** A hub with one device, on a disk that writes on request. */
async function openFixture() {
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
  const fixture = {
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
  fixture.create();
  await fixture.flush();
  return fixture;
}

type Fixture = Awaited<ReturnType<typeof openFixture>>;

interface Row {
  /** Durable before `act`. */
  readonly before?: (fixture: Fixture) => void | Promise<void>;
  readonly act: (fixture: Fixture) => void;
  /** In this order. */
  readonly reported: readonly HubEvent["type"][];
}

const deliver = (fixture: Fixture): void => {
  fixture.send();
  fixture.take();
};

/** A connection that the hub can close. */
const connected = (fixture: Fixture): void => {
  const handle = fixture.hub.services.connections.claim(DEVICE, {
    protocol: "amqp",
    close: ({ message: reason }) => handle.release(reason),
  });
};

/** Leaves a feedback record. */
const complete = (fixture: Fixture): void => {
  fixture.send("full");
  fixture.take();
  fixture.settle("complete");
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
    "a message purged that requested feedback",
    {
      before: ({ send }) => send("full"),
      act: ({ purge }) => purge(),
      reported: ["deadLettered", "feedback"],
    },
  ],
  ["a lock expired", { before: deliver, act: ({ pass }) => pass(60_000), reported: ["requeued"] }],
  [
    "a message expired",
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
      before: async (fixture) => {
        complete(fixture);
        await fixture.flush();
        fixture.pass(15_000);
        fixture.takeBatch();
      },
      act: ({ settleBatch }) => settleBatch(),
      reported: ["feedbackSettled"],
    },
  ],
  [
    "a connected device deleted",
    { before: connected, act: (fixture) => fixture.delete(), reported: ["deviceDisconnected"] },
  ],
  [
    "a connected device disabled",
    { before: connected, act: (fixture) => fixture.disable(), reported: ["deviceDisconnected"] },
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
      act: (fixture) => {
        complete(fixture);
        fixture.telemetry();
      },
      reported: ["enqueued", "delivered", "settled", "feedback", "telemetry"],
    },
  ],
];

async function begin({ before, act }: Row): Promise<Fixture> {
  const fixture = await openFixture();
  await before?.(fixture);
  await fixture.flush();
  fixture.hub.log.all.length = 0;
  act(fixture);
  await settled();
  return fixture;
}

describe.each(ROWS)("%s", (_name, row) => {
  it("is reported in order once it is durable", async () => {
    const fixture = await begin(row);
    expect(fixture.types()).toEqual([]);
    await fixture.flush();
    expect(fixture.types()).toEqual(row.reported);
    expect(fixture.refused).toEqual([]);
  });

  it("is never reported before its own write", async () => {
    const fixture = await begin(row);
    while (fixture.store.handedIn > fixture.store.written) {
      const known = fixture.types();
      await fixture.store.flush(1);
      expect(row.reported.slice(0, known.length)).toEqual(known);
    }
    expect(fixture.types()).toEqual(row.reported);
  });

  it("is never reported when the store fails", async () => {
    const fixture = await begin(row);
    await fixture.store.fail(new Error("no disk"));
    // A later successful write changes nothing: it depends on the lost one.
    await fixture.flush();
    fixture.connect();
    await settled();
    expect(fixture.types()).toEqual([]);
  });
});

// Rule c2d-early-delivery.
describe("a message whose acceptance is not durable yet", () => {
  it("may be delivered and settled before its sender is answered; a crash loses it entirely", async () => {
    const fixture = await openFixture();
    const { hub, store } = fixture;
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

  it("is redelivered after a crash that lost only its settlement", async () => {
    const { hub, store } = await openFixture();
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
    // The lock from before the crash is no longer held.
    await expect(
      again.cloudToDevice.settle(DEVICE, taken?.lockToken ?? "", "complete"),
    ).rejects.toMatchObject({ name: "DeviceMessageLockLost" });
  });
});

describe("a listener that calls the hub during an event", () => {
  const CALLS: readonly (readonly [name: string, act: (fixture: Fixture) => void])[] = [
    ["sends", ({ send }) => send("full")],
    ["takes", ({ take }) => take()],
    ["settles", ({ settle }) => settle("complete")],
    ["purges", ({ purge }) => purge()],
    ["deletes the device", (fixture) => fixture.delete()],
    ["takes a batch", ({ takeBatch }) => takeBatch()],
  ];
  const SCENARIO: readonly HubEvent["type"][] = [
    "enqueued",
    "delivered",
    "settled",
    "feedback",
    "telemetry",
  ];
  const cases = SCENARIO.flatMap((type) => CALLS.map(([name, act]) => ({ type, name, act })));

  it.each(cases)(
    "on $type: $name takes effect after the reported change",
    async ({ type, act }) => {
      const fixture = await openFixture();
      fixture.hub.log.all.length = 0;
      let writesBefore = -1;
      let hasActed = false;
      fixture.hub.events.subscribe((event) => {
        if (event.type !== type || hasActed) return;
        hasActed = true;
        writesBefore = fixture.store.handedIn;
        act(fixture);
      });
      const later: HubEvent["type"][] = [];
      fixture.hub.events.subscribe((event) => later.push(event.type));
      complete(fixture);
      fixture.telemetry();
      const scenarioWrites = fixture.store.handedIn;
      await fixture.flush();
      // The store had every write of the scenario before the listener could add one.
      expect(writesBefore).toBeGreaterThanOrEqual(scenarioWrites);
      expect(later.slice(0, SCENARIO.length)).toEqual(SCENARIO);
      // A listener added after the acting one sees the same events, in the same order.
      expect(later).toEqual(fixture.types());
    },
  );
});

describe("a listener", () => {
  it("gets only events between subscribing and unsubscribing", async () => {
    const fixture = await openFixture();
    fixture.send();
    const heard: HubEvent["type"][] = [];
    const leave = fixture.hub.events.subscribe(({ type }) => heard.push(type));
    fixture.telemetry();
    await fixture.flush();
    expect(heard).toEqual(["telemetry"]);
    fixture.telemetry();
    leave();
    await fixture.flush();
    expect(heard).toEqual(["telemetry"]);
  });

  it("that throws does not affect other listeners", async () => {
    const fixture = await openFixture();
    fixture.hub.events.subscribe(() => {
      throw new Error("thrown by a listener");
    });
    const heard: HubEvent["type"][] = [];
    fixture.hub.events.subscribe(({ type }) => heard.push(type));
    const warned = new Promise((resolve) => process.once("warning", resolve));
    fixture.connect();
    await warned;
    expect(heard).toEqual(["deviceConnected"]);
  });
});

describe("an HTTPS response", () => {
  it("waits until the changes it reflects are durable", async () => {
    const fixture = await openFixture();
    const token = fixture.hub.policyToken("registryRead");
    fixture.disable();
    let status: number | undefined;
    const asked = fixture.hub.https("GET", `/devices/${DEVICE}`, token).then((response) => {
      status = response.status;
    });
    await settled();
    await settled();
    expect(status).toBeUndefined();
    await fixture.flush();
    await asked;
    expect(status).toBe(200);
  });
});

describe("a device created again", () => {
  // Rule registry-activity.
  it("has no activity, even if the end of its last connection is reported late", async () => {
    const fixture = await openFixture();
    connected(fixture);
    fixture.delete();
    fixture.create();
    await fixture.flush();
    expect(fixture.hub.services.activity.find(DEVICE)).toEqual({});
  });

  it("is returned by ensure only once it is durable", async () => {
    const fixture = await openFixture();
    void fixture.hub.registry.create("device2");
    let isThere = false;
    void fixture.hub.registry.ensure("device2").then(() => {
      isThere = true;
    });
    await settled();
    expect(isThere).toBe(false);
    await fixture.flush();
    expect(isThere).toBe(true);
  });
});
