import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { type AmqpReceiver, accepted, dataOf, type Received } from "../../support/amqp-peer.ts";
import {
  connectTestService,
  createTestHub,
  devicebound,
  type TestHub,
} from "../../support/test-hub.ts";
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

/** Lets a device complete messages with these ids, which request feedback. */
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

/** Completes these messages, and makes their records a batch. */
async function sendBatch(hub: TestHub, ...ids: string[]): Promise<void> {
  await complete(hub, ...ids);
  hub.clock.advance(INTERVAL_MS);
}

async function openReader(hub: TestHub, creditWindow = 10): Promise<AmqpReceiver> {
  const { peer } = await hub.connectService();
  return peer.openReceiver(FEEDBACK, { credit_window: creditWindow });
}

/** A hub with one queued batch and no reader. */
async function createHubWithBatch() {
  const hub = await createTestHub();
  await sendBatch(hub, "m1");
  return hub;
}

describe("a feedback message", () => {
  // Rule feedback-record.
  it("is a JSON array with the content type, user id, time and GUID tag that the SDKs expect", async () => {
    const hub = await createTestHub();
    await complete(hub, "m1", "m2");
    const receiver = await openReader(hub);
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
    "can also be received from %s",
    async (address) => {
      const hub = await createHubWithBatch();
      const { peer } = await hub.connectService();
      const receiver = await peer.openReceiver(address);
      expect(recordsOf(await receiver.next())).toHaveLength(1);
    },
  );

  // Rule feedback-batch.
  it("is delivered after the interval, not before", async () => {
    const hub = await createTestHub();
    await complete(hub, "m1");
    hub.clock.advance(INTERVAL_MS - 1);
    expect(hub.log.of("feedback")).toHaveLength(1);
    const receiver = await openReader(hub);
    expect(hub.log.of("feedbackDelivered")).toEqual([]);
    hub.clock.advance(1);
    expect(recordsOf(await receiver.next())).toHaveLength(1);
  });

  // Rule feedback-batch.
  it("is delivered at once when it has 64 records, the maximum", async () => {
    const hub = await createTestHub({ settings: { queueDepth: 200 } });
    const receiver = await openReader(hub);
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
describe("a batch", () => {
  it.each<[string, (received: Received) => void, string]>([
    ["accepted", ({ delivery }) => delivery.accept(), "complete"],
    ["rejected", ({ delivery }) => delivery.reject(), "reject"],
  ])("that is %s is not redelivered", async (_form, settle, outcome) => {
    const hub = await createHubWithBatch();
    const receiver = await openReader(hub);
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
  ])("that is %s is redelivered at once", async (_form, settle) => {
    const hub = await createHubWithBatch();
    const receiver = await openReader(hub);
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

  it("is settled for a peer that waits for settlement (rcv-settle-mode second)", async () => {
    const hub = await createHubWithBatch();
    const { peer } = await hub.connectService();
    const receiver = await peer.openReceiver(FEEDBACK, { rcv_settle_mode: 1 });
    const { delivery, receiver: link } = await receiver.next();
    const settled = once(link, "settled");
    delivery.update(false, accepted());
    await settled;
  });

  it("keeps its own outcome when the next one is settled differently", async () => {
    const hub = await createTestHub();
    const receiver = await openReader(hub);
    await sendBatch(hub, "m1");
    await sendBatch(hub, "m2");
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
  it("is dropped after ten deliveries, the maximum delivery count", async () => {
    const hub = await createHubWithBatch();
    const receiver = await openReader(hub);
    for (let round = 0; round < 10; round++) (await receiver.next()).delivery.release();
    await hub.log.reached("feedbackSettled", 10);
    await sendBatch(hub, "m2");
    expect(recordsOf(await receiver.next())).toMatchObject([{ originalMessageId: "m2" }]);
  });

  // Rule feedback-lock.
  it("is redelivered when its lock expires", async () => {
    const hub = await createHubWithBatch();
    const receiver = await openReader(hub);
    const first = await receiver.next();
    hub.clock.advance(59_999);
    expect(hub.log.of("feedbackDelivered")).toHaveLength(1);
    hub.clock.advance(1);
    expect(recordsOf(await receiver.next())).toEqual(recordsOf(first));
  });

  it("goes to another reader at once when its reader's connection is lost", async () => {
    const hub = await createHubWithBatch();
    const { peer } = await hub.connectService();
    const receiver = await peer.openReceiver(FEEDBACK);
    await receiver.next();
    peer.destroy();
    const other = await openReader(hub);
    expect(recordsOf(await other.next())).toHaveLength(1);
  });

  it("is redelivered when its reader closes the link", async () => {
    const hub = await createHubWithBatch();
    const { peer } = await hub.connectService();
    const receiver = await peer.openReceiver(FEEDBACK);
    await receiver.next();
    receiver.link.close();
    const again = await peer.openReceiver(FEEDBACK);
    expect(recordsOf(await again.next())).toHaveLength(1);
  });

  // Rule feedback-ttl.
  it("is still delivered a moment before its time to live of an hour ends", async () => {
    const hub = await createHubWithBatch();
    hub.clock.advance(3_599_999);
    expect(recordsOf(await (await openReader(hub)).next())).toHaveLength(1);
  });

  // Rule feedback-ttl.
  it("expires after its time to live of an hour", async () => {
    const hub = await createHubWithBatch();
    hub.clock.advance(3_600_000);
    const receiver = await openReader(hub);
    expect(hub.log.of("feedbackDelivered")).toEqual([]);
    await sendBatch(hub, "m2");
    expect(recordsOf(await receiver.next())).toMatchObject([{ originalMessageId: "m2" }]);
  });
});

it("a link gets batches whenever it has credit, however many it got before", async () => {
  const hub = await createTestHub();
  const receiver = await openReader(hub, 4);
  for (let n = 0; n < 12; n++) {
    await sendBatch(hub, `m${n}`);
    const received = await receiver.next();
    expect(recordsOf(received)).toMatchObject([{ originalMessageId: `m${n}` }]);
    received.delivery.accept();
  }
});

// Rule feedback-competing.
describe("several readers", () => {
  it("compete: each batch goes to one of them, in turn", async () => {
    const hub = await createTestHub();
    const readers = [await openReader(hub), await openReader(hub)];
    const got = readers.map((reader) => reader.next());
    for (const id of ["m1", "m2"]) {
      await sendBatch(hub, id);
    }
    const ids = (await Promise.all(got)).map((one) => recordsOf(one)[0]?.originalMessageId);
    expect(ids.sort()).toEqual(["m1", "m2"]);
    expect(hub.log.of("feedbackDelivered")).toHaveLength(2);
  });

  it("get no batch without credit; another reader gets it", async () => {
    const hub = await createTestHub();
    await openReader(hub, 0);
    const other = await openReader(hub);
    for (const id of ["m1", "m2", "m3"]) {
      await sendBatch(hub, id);
      expect(recordsOf(await other.next())).toMatchObject([{ originalMessageId: id }]);
    }
  });

  it("a reader that grants credit later gets one queued batch per credit", async () => {
    const hub = await createTestHub();
    const receiver = await openReader(hub, 0);
    for (const id of ["m1", "m2"]) {
      await sendBatch(hub, id);
    }
    expect(hub.log.of("feedbackDelivered")).toEqual([]);
    receiver.link.add_credit(1);
    await receiver.next();
    expect(hub.log.of("feedbackDelivered")).toHaveLength(1);
    receiver.link.add_credit(1);
    await receiver.next();
  });
});

it("opening and closing many links on one connection triggers no listener leak warning", async () => {
  const { peer } = await connectTestService();
  const warnings = await warningsDuring(async () => {
    for (let n = 0; n < 12; n++) {
      const { link } = await peer.openReceiver(FEEDBACK);
      link.close();
      await once(link, "receiver_close");
    }
  });
  expect(warnings).toEqual([]);
});
