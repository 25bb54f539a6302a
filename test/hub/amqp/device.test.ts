import { once } from "node:events";
import rhea from "rhea";
import { describe, expect, it } from "vitest";
import { accepted, dataOf, type Received } from "../../support/amqp-peer.ts";
import { HeldStore } from "../../support/held-store.ts";
import { createTestHub, devicebound, message, type TestHub } from "../../support/test-hub.ts";
import { uncaughtDuring } from "../../support/uncaught.ts";

const ADDRESS = "/devices/device1/messages/devicebound";
const UUID = rhea.string_to_uuid("12345678-1234-1234-1234-1234567890ab");
/** rhea does not decode a ulong beyond 2^53. */
const LARGE_ULONG = rhea.types.wrap_ulong(
  Buffer.from("ffffffffffffff01", "hex") as unknown as number,
) as { readonly value: unknown };

/** The bytes of a UUID in .NET's order: the first three groups are reversed. */
function guidBytes(uuid: string): Buffer {
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  const bytes = Buffer.from(uuid.replaceAll("-", ""), "hex");
  return Buffer.from(order.map((index) => bytes.readUInt8(index)));
}

async function openReceiver(hub: TestHub, creditWindow = 10) {
  const peer = await hub.connectAmqpDevice();
  return { peer, receiver: await peer.openReceiver(ADDRESS, { credit_window: creditWindow }) };
}

describe("a message to an AMQP device", () => {
  // Rules amqp-message, c2d-to.
  it("has its properties, body, delivery count, sequence number and lock token", async () => {
    const hub = await createTestHub();
    const { receiver } = await openReceiver(hub);
    const expiryTimeUtcMs = hub.clock.nowMs() + 60_000;
    const system = { messageId: "m1", correlationId: "c1", userId: "u1", ack: "full" } as const;
    const content = { contentType: "application/json", contentEncoding: "utf-8" };
    const properties = { "k é": "v/1" };
    await hub.cloudToDevice.send(
      "device1",
      message({ ...system, ...content, expiryTimeUtcMs, properties, body: "ü\0" }),
    );
    const { message: got, delivery } = await receiver.next();
    expect(got).toMatchObject({
      message_id: "m1",
      correlation_id: "c1",
      to: ADDRESS,
      content_type: "application/json",
      content_encoding: "utf-8",
      application_properties: { ...properties, "iothub-ack": "full" },
    });
    expect(got.user_id?.toString()).toBe("u1");
    expect(Number(got.absolute_expiry_time)).toBe(expiryTimeUtcMs);
    expect(dataOf(got)).toEqual(Buffer.from("ü\0"));
    expect(got.message_annotations).toMatchObject({
      "iothub-deliverycount": 0,
      "x-opt-sequence-number": 1,
      "x-opt-lock-token": expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    const annotations = got.message_annotations ?? {};
    expect(Number(annotations["iothub-enqueuedtime"])).toBe(hub.clock.nowMs());
    expect((delivery as unknown as { tag: Buffer }).tag).toEqual(
      guidBytes(String(annotations["x-opt-lock-token"])),
    );
  });

  // Rule amqp-message.
  it.each<[string, unknown, unknown]>([
    ["string", "7", "7"],
    ["ulong", 7, 7],
    ["ulong beyond 2^53", LARGE_ULONG, LARGE_ULONG.value],
    ["uuid", rhea.types.wrap_uuid(UUID), UUID],
  ])("keeps the type of its ids: %s", async (_type, sent, received) => {
    const hub = await createTestHub();
    const { receiver } = await openReceiver(hub);
    const { peer } = await hub.connectService();
    const sender = await peer.openSender("/messages/devicebound");
    const id = sent as string;
    await sender.send({ to: ADDRESS, message_id: id, correlation_id: id });
    const { message_id, correlation_id } = (await receiver.next()).message;
    expect([message_id, correlation_id]).toEqual([received, received]);
  });

  // Rules amqp-settle, c2d-reject.
  it.each<[string, (received: Received) => void, object]>([
    ["accepted", ({ delivery }) => delivery.accept(), { statusCode: "Success" }],
    ["rejected", ({ delivery }) => delivery.reject(), { statusCode: "Rejected" }],
  ])("that is %s leaves the queue and produces feedback", async (_outcome, settle, record) => {
    const hub = await createTestHub();
    const { receiver } = await openReceiver(hub);
    await hub.send({ messageId: "m1", ack: "full" });
    settle(await receiver.next());
    expect(await hub.log.reached("feedback")).toMatchObject(record);
    expect(hub.cloudToDevice.countOf("device1")).toBe(0);
  });

  // Rules amqp-settle, c2d-max-delivery-count, c2d-delivery-count.
  it.each<[string, (received: Received) => void]>([
    ["released", ({ delivery }) => delivery.release()],
    [
      "modified",
      ({ delivery }) => delivery.modified({ delivery_failed: true, undeliverable_here: false }),
    ],
  ])(
    "that is %s is redelivered with a higher delivery count, up to ten deliveries",
    async (_outcome, settle) => {
      const hub = await createTestHub();
      const { receiver } = await openReceiver(hub, 100);
      await hub.send({ messageId: "m1", ack: "full" });
      for (let count = 0; count < 10; count++) {
        const received = await receiver.next();
        expect(received.message.message_annotations?.["iothub-deliverycount"]).toBe(count);
        settle(received);
      }
      expect(await hub.log.reached("feedback")).toMatchObject({
        statusCode: "DeliveryCountExceeded",
      });
    },
  );

  it("is delivered whenever there is credit, however many were delivered before", async () => {
    const hub = await createTestHub();
    const { receiver } = await openReceiver(hub, 4);
    for (let n = 0; n < 12; n++) {
      await hub.send({ messageId: `m${n}` });
      const { message: got, delivery } = await receiver.next();
      expect(got.message_id).toBe(`m${n}`);
      delivery.accept();
      await hub.log.reached("settled", n + 1);
    }
  });

  it("waits for credit", async () => {
    const hub = await createTestHub();
    const { receiver } = await openReceiver(hub, 0);
    for (const messageId of ["m1", "m2"]) await hub.send({ messageId });
    expect(hub.log.of("delivered")).toEqual([]);
    receiver.link.add_credit(1);
    expect((await receiver.next()).message.message_id).toBe("m1");
    expect(hub.log.of("delivered")).toHaveLength(1);
  });

  // Rule c2d-lock-lost.
  it("ignores an outcome sent after its lock expired; that of its redelivery counts", async () => {
    const hub = await createTestHub();
    const { peer, receiver } = await openReceiver(hub);
    await hub.send({ messageId: "m1" });
    const first = await receiver.next();
    hub.clock.advance(60_000);
    const again = await receiver.next();
    first.delivery.accept();
    // A round trip in between, because rhea would send both with the first outcome.
    await peer.openReceiver("$cbs");
    again.delivery.reject();
    await hub.log.reached("settled");
    expect(hub.log.of("settled")).toMatchObject([{ outcome: "rejected" }]);
  });

  // Rule c2d-lock-lost.
  it("is settled as lock lost when a peer that waits for settlement accepts it too late", async () => {
    const hub = await createTestHub();
    const peer = await hub.connectAmqpDevice();
    const receiver = await peer.openReceiver(ADDRESS, { rcv_settle_mode: 1 });
    await hub.send({ messageId: "m1" });
    const { delivery } = await receiver.next();
    hub.clock.advance(60_000);
    const uncaught = await uncaughtDuring(async () => {
      delivery.update(false, accepted());
      // A round trip: the hub's outcome has arrived before it.
      await peer.openReceiver("$cbs");
    });
    expect(uncaught).toEqual([]);
    expect(delivery.remote_settled).toBe(true);
    expect(delivery.remote_state).toMatchObject({
      error: { condition: "com.microsoft:message-lock-lost" },
    });
    expect(hub.log.of("settled")).toEqual([]);
  });

  // Rule amqp-settle.
  it("is settled for a peer that waits for settlement once the outcome is durable", async () => {
    const store = new HeldStore();
    const hub = await createTestHub({ store });
    const peer = await hub.connectAmqpDevice();
    const receiver = await peer.openReceiver(ADDRESS, { rcv_settle_mode: 1 });
    await hub.send({ messageId: "m1" });
    const { delivery, receiver: link } = await receiver.next();
    store.hold();
    delivery.update(false, accepted());
    await expect.poll(() => store.waiting).toBe(1);
    // A round trip: an early settlement would have arrived before it.
    await peer.openReceiver("$cbs");
    expect(delivery.remote_settled).toBe(false);
    const settled = once(link, "settled");
    expect(hub.log.of("settled")).toEqual([]);
    store.release();
    await settled;
  });

  // Rule c2d-disconnect.
  it.each(["link", "session", "connection"] as const)(
    "returns to the queue at once when its %s is closed",
    async (end) => {
      const hub = await createTestHub();
      const { peer, receiver } = await openReceiver(hub);
      await hub.send({ messageId: "m1" });
      await receiver.next();
      peer.end(receiver.link, end);
      expect(await hub.log.reached("requeued")).toMatchObject({ reason: "disconnected" });
    },
  );

  // Rules c2d-disconnect, c2d-delivery-count.
  it("goes to the next receiver, with the same delivery count, when the connection is lost", async () => {
    const hub = await createTestHub();
    const first = await openReceiver(hub);
    await hub.send({ messageId: "m1" });
    await first.receiver.next();
    first.peer.destroy();
    const second = await openReceiver(hub);
    const { message: got } = await second.receiver.next();
    expect(got.message_annotations?.["iothub-deliverycount"]).toBe(0);
  });
});

// Rule one-connection.
describe("a device has one receiver:", () => {
  it("a second attach replaces the first and gets its unsettled message", async () => {
    const hub = await createTestHub();
    const first = await openReceiver(hub);
    await hub.send({ messageId: "m1" });
    await first.receiver.next();
    const closed = once(first.receiver.link, "receiver_close");
    const second = await openReceiver(hub);
    await closed;
    expect((await second.receiver.next()).message.message_id).toBe("m1");
  });

  it("on the same connection, the first link is closed with amqp:link:stolen", async () => {
    const hub = await createTestHub();
    const { peer, receiver: first } = await openReceiver(hub);
    await hub.send({ messageId: "m1" });
    await first.next();
    const closed = once(first.link, "receiver_close");
    const second = await peer.openReceiver(ADDRESS);
    await closed;
    expect(first.link.error).toMatchObject({ condition: "amqp:link:stolen" });
    expect((await second.next()).message.message_id).toBe("m1");
  });

  it("receivers over AMQP and MQTT replace each other", async () => {
    const hub = await createTestHub();
    const amqp = await openReceiver(hub);
    const closed = once(amqp.receiver.link, "receiver_close");
    const { peer } = await hub.connectDevice();
    await closed;
    await peer.subscribe(devicebound());
    await hub.send();
    await peer.nextPublish();
    await openReceiver(hub);
    await peer.closed;
  });
});

// Rule device-credentials.
describe("a device whose access is revoked", () => {
  it.each<[string, (hub: TestHub) => Promise<unknown>]>([
    ["disabled", (hub) => hub.registry.update("device1", { status: "disabled" }, "*")],
    ["deleted", (hub) => hub.registry.delete("device1", "*")],
    [
      "given new keys",
      (hub) =>
        hub.registry.update(
          "device1",
          { authentication: { type: "sas", primaryKey: "", secondaryKey: "" } },
          "*",
        ),
    ],
    [
      "deleted and recreated",
      async (hub) => {
        const { authentication } = hub.registry.get("device1");
        await hub.registry.delete("device1", "*");
        await hub.registry.create("device1", { authentication });
      },
    ],
  ])("(%s) loses its link and cannot attach another", async (_why, change) => {
    const hub = await createTestHub();
    const { peer, receiver } = await openReceiver(hub);
    const closed = once(receiver.link, "receiver_close");
    await change(hub);
    await closed;
    await expect(peer.openReceiver(ADDRESS)).rejects.toMatchObject({
      condition: "amqp:unauthorized-access",
    });
  });
});
