import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { type AmqpReceiver, accepted, dataOf, type Received } from "../../support/amqp-peer.ts";
import { createTestHub, devicebound, type TestHub } from "../../support/test-hub.ts";
import { warningsDuring } from "../../support/warnings.ts";

const FEEDBACK = "/messages/serviceBound/feedback";
const INTERVAL_MS = 15_000;

interface FeedbackJson {
  readonly originalMessageId: string;
  readonly statusCode: string;
}

function recordsOf({ message }: Received): FeedbackJson[] {
  return JSON.parse(dataOf(message).toString()) as FeedbackJson[];
}

/** Has a device complete messages of these ids, all of which asked for feedback. */
async function complete(hub: TestHub, ...ids: string[]): Promise<void> {
  const { peer } = await hub.connectDevice();
  await peer.subscribe(devicebound());
  for (const messageId of ids) {
    await hub.send({ messageId, ack: "full" });
    peer.acknowledge(await peer.nextPublish());
    await peer.ping();
  }
  peer.destroy();
}

async function reading(hub: TestHub, creditWindow = 10): Promise<AmqpReceiver> {
  const { peer } = await hub.connectService();
  return peer.openReceiver(FEEDBACK, { credit_window: creditWindow });
}

/** One batch, waiting in the hub, without a reader. */
async function withBatch(settings = {}) {
  const hub = await createTestHub({ settings });
  await complete(hub, "m1");
  hub.clock.advance(INTERVAL_MS);
  return hub;
}

describe("a feedback message", () => {
  // Rule feedback-record.
  it("is a JSON array with what the SDKs read: type, user id, time, a GUID as tag", async () => {
    const hub = await createTestHub();
    await complete(hub, "m1", "m2");
    const receiver = await reading(hub);
    const enqueuedTimeUtc = new Date(hub.clock.nowMs()).toISOString();
    hub.clock.advance(INTERVAL_MS);
    const received = await receiver.next();
    const { message, delivery } = received;
    expect(message.content_type).toBe("application/vnd.microsoft.iothub.feedback.json");
    expect(message.user_id?.toString()).toBe("localhost");
    expect(new Date(message.message_annotations?.["iothub-enqueuedtime"] as number)).toEqual(
      new Date(hub.clock.nowMs()),
    );
    expect((delivery as unknown as { tag: Buffer }).tag).toHaveLength(16);
    expect(recordsOf(received)).toEqual(
      ["m1", "m2"].map((originalMessageId) => ({
        originalMessageId,
        deviceId: "device1",
        deviceGenerationId: hub.registry.get("device1").generationId,
        statusCode: "Success",
        description: "Success",
        enqueuedTimeUtc,
      })),
    );
  });

  it.each(["/messages/servicebound/feedback", "amqps://localhost/messages/servicebound/feedback"])(
    "comes from %s too",
    async (address) => {
      const hub = await withBatch();
      const { peer } = await hub.connectService();
      const receiver = await peer.openReceiver(address);
      expect(recordsOf(await receiver.next())).toHaveLength(1);
    },
  );

  // Rule feedback-batch.
  it("leaves after the interval, not before", async () => {
    const hub = await createTestHub();
    await complete(hub, "m1");
    hub.clock.advance(INTERVAL_MS - 1);
    expect(hub.log.of("feedback")).toHaveLength(1);
    const receiver = await reading(hub);
    expect(hub.log.of("feedbackDelivered")).toEqual([]);
    hub.clock.advance(1);
    expect(recordsOf(await receiver.next())).toHaveLength(1);
  });

  // Rule feedback-batch.
  it("leaves at once when 64 records wait, and holds no more", async () => {
    const hub = await createTestHub({ settings: { queueDepth: 200 } });
    const receiver = await reading(hub);
    await complete(hub, ...Array.from({ length: 130 }, (_, n) => `m${n}`));
    hub.clock.advance(0);
    expect(recordsOf(await receiver.next())).toHaveLength(64);
    expect(recordsOf(await receiver.next())).toHaveLength(64);
    hub.clock.advance(INTERVAL_MS);
    expect(recordsOf(await receiver.next())).toMatchObject([
      { originalMessageId: "m128" },
      { originalMessageId: "m129" },
    ]);
  });
});

// Rule feedback-settle.
describe("a batch is settled", () => {
  it.each<[string, (received: Received) => void, string]>([
    ["accepted", ({ delivery }) => delivery.accept(), "complete"],
    ["rejected", ({ delivery }) => delivery.reject(), "reject"],
  ])("%s: it does not come again", async (_form, settle, outcome) => {
    const hub = await withBatch();
    const receiver = await reading(hub);
    settle(await receiver.next());
    await hub.log.reached("feedbackSettled");
    expect(hub.log.of("feedbackSettled")).toMatchObject([{ outcome }]);
    hub.clock.advance(60_000);
    expect(hub.log.of("feedbackDelivered")).toHaveLength(1);
  });

  it.each<[string, (received: Received) => void]>([
    ["released", ({ delivery }) => delivery.release()],
    [
      "modified",
      ({ delivery }) => delivery.modified({ delivery_failed: true, undeliverable_here: false }),
    ],
    ["settled without an outcome", ({ delivery }) => delivery.update(true)],
  ])("%s: it is redelivered at once", async (_form, settle) => {
    const hub = await withBatch();
    const receiver = await reading(hub);
    const first = await receiver.next();
    settle(first);
    const again = await receiver.next();
    expect(recordsOf(again)).toEqual(recordsOf(first));
    again.delivery.accept();
    await hub.log.reached("feedbackSettled", 2);
    expect(hub.log.of("feedbackSettled").map(({ outcome }) => outcome)).toEqual([
      "abandon",
      "complete",
    ]);
  });

  it("by a peer that waits for the hub to settle (rcv-settle-mode second): the hub does", async () => {
    const hub = await withBatch();
    const { peer } = await hub.connectService();
    const receiver = await peer.openReceiver(FEEDBACK, { rcv_settle_mode: 1 });
    const { delivery, receiver: link } = await receiver.next();
    const settled = once(link, "settled");
    delivery.update(false, accepted());
    await settled;
  });

  it("two in one burst with different outcomes: each has its own", async () => {
    const hub = await createTestHub();
    const receiver = await reading(hub);
    await complete(hub, "m1");
    hub.clock.advance(INTERVAL_MS);
    await complete(hub, "m2");
    hub.clock.advance(INTERVAL_MS);
    const [first, second] = [await receiver.next(), await receiver.next()];
    first.delivery.accept();
    await hub.log.reached("feedbackSettled", 1);
    second.delivery.reject();
    await hub.log.reached("feedbackSettled", 2);
    expect(hub.log.of("feedbackSettled")).toMatchObject([
      { batch: 1, outcome: "complete" },
      { batch: 2, outcome: "reject" },
    ]);
  });
});

describe("a batch that is never completed", () => {
  // Rule feedback-settle.
  it("is gone after ten deliveries, as its maximum delivery count says", async () => {
    const hub = await withBatch();
    const receiver = await reading(hub);
    for (let round = 0; round < 10; round++) (await receiver.next()).delivery.release();
    await hub.log.reached("feedbackSettled", 10);
    await complete(hub, "m2");
    hub.clock.advance(INTERVAL_MS);
    expect(recordsOf(await receiver.next())).toMatchObject([{ originalMessageId: "m2" }]);
  });

  // Rule feedback-lock.
  it("is redelivered when its lock expires", async () => {
    const hub = await withBatch();
    const receiver = await reading(hub);
    const first = await receiver.next();
    hub.clock.advance(59_999);
    expect(hub.log.of("feedbackDelivered")).toHaveLength(1);
    hub.clock.advance(1);
    expect(recordsOf(await receiver.next())).toEqual(recordsOf(first));
  });

  it("is redelivered at once when its reader's connection breaks, and to another reader", async () => {
    const hub = await withBatch();
    const { peer } = await hub.connectService();
    const receiver = await peer.openReceiver(FEEDBACK);
    await receiver.next();
    peer.destroy();
    const other = await reading(hub);
    expect(recordsOf(await other.next())).toHaveLength(1);
  });

  it("is redelivered when its reader closes the link", async () => {
    const hub = await withBatch();
    const { peer } = await hub.connectService();
    const receiver = await peer.openReceiver(FEEDBACK);
    await receiver.next();
    receiver.link.close();
    const again = await peer.openReceiver(FEEDBACK);
    expect(recordsOf(await again.next())).toHaveLength(1);
  });

  // Rule feedback-ttl.
  it("is still there a moment before an hour is over", async () => {
    const hub = await withBatch();
    hub.clock.advance(3_599_999);
    expect(recordsOf(await (await reading(hub)).next())).toHaveLength(1);
  });

  // Rule feedback-ttl.
  it("is gone after its time to live of an hour", async () => {
    const hub = await withBatch();
    hub.clock.advance(3_600_000);
    const receiver = await reading(hub);
    expect(hub.log.of("feedbackDelivered")).toEqual([]);
    await complete(hub, "m2");
    hub.clock.advance(INTERVAL_MS);
    expect(recordsOf(await receiver.next())).toMatchObject([{ originalMessageId: "m2" }]);
  });
});

describe("a link", () => {
  it("gets as many batches as it gives credit for, however many went before", async () => {
    const hub = await createTestHub();
    const receiver = await reading(hub, 4);
    for (let n = 0; n < 12; n++) {
      await complete(hub, `m${n}`);
      hub.clock.advance(INTERVAL_MS);
      const received = await receiver.next();
      expect(recordsOf(received)).toMatchObject([{ originalMessageId: `m${n}` }]);
      received.delivery.accept();
    }
  });
});

// Rule feedback-competing.
describe("several readers", () => {
  it("compete: each batch goes to one of them, and all have a turn", async () => {
    const hub = await createTestHub();
    const readers = [await reading(hub), await reading(hub)];
    const got = readers.map((reader) => reader.next());
    for (const id of ["m1", "m2"]) {
      await complete(hub, id);
      hub.clock.advance(INTERVAL_MS);
    }
    const ids = (await Promise.all(got)).map((one) => recordsOf(one)[0]?.originalMessageId);
    expect(ids.sort()).toEqual(["m1", "m2"]);
    expect(hub.log.of("feedbackDelivered")).toHaveLength(2);
  });

  it("one without credit gets nothing, the other everything", async () => {
    const hub = await createTestHub();
    await reading(hub, 0);
    const other = await reading(hub);
    for (const id of ["m1", "m2", "m3"]) {
      await complete(hub, id);
      hub.clock.advance(INTERVAL_MS);
      expect(recordsOf(await other.next())).toMatchObject([{ originalMessageId: id }]);
    }
  });

  it("later credit delivers waiting batches, one per credit", async () => {
    const hub = await createTestHub();
    const receiver = await reading(hub, 0);
    for (const id of ["m1", "m2"]) {
      await complete(hub, id);
      hub.clock.advance(INTERVAL_MS);
    }
    expect(hub.log.of("feedbackDelivered")).toEqual([]);
    receiver.link.add_credit(1);
    await receiver.next();
    expect(hub.log.of("feedbackDelivered")).toHaveLength(1);
    receiver.link.add_credit(1);
    await receiver.next();
  });
});

it("many links opened and closed on one connection make no warning of leaking listeners", async () => {
  const hub = await createTestHub();
  const { peer } = await hub.connectService();
  const warnings = await warningsDuring(async () => {
    for (let n = 0; n < 12; n++) {
      const { link } = await peer.openReceiver(FEEDBACK);
      link.close();
      await once(link, "receiver_close");
    }
  });
  expect(warnings).toEqual([]);
});
