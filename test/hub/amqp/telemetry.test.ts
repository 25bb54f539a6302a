import { once } from "node:events";
import rhea, { type Message as AmqpMessage } from "rhea";
import { describe, expect, it } from "vitest";
import { isAuthorized, LINK_ENDS } from "../../support/amqp-peer.ts";
import { roundTrip } from "../../support/event-hub.ts";
import { createFailingStore } from "../../support/failing-store.ts";
import { HeldStore } from "../../support/held-store.ts";
import { storedEvents, storedTelemetry } from "../../support/stored-events.ts";
import { connectTestService, createTestHub, HOST, type TestHub } from "../../support/test-hub.ts";
import { uncaughtDuring } from "../../support/uncaught.ts";

const ADDRESS = "/devices/device1/messages/events";
const BATCH_FORMAT = 0x80013700;
const UUID = rhea.string_to_uuid("12345678-1234-1234-1234-1234567890ab");
const ACCEPTED = { type: "accepted" };
const UNAUTHORIZED = { condition: "amqp:unauthorized-access" };

/** The telemetry link of device1, to a new hub if there is none yet. */
async function openSender(existing?: TestHub) {
  const hub = existing ?? (await createTestHub());
  const peer = await hub.connectAmqpDevice();
  return { hub, peer, sender: await peer.openSender(ADDRESS) };
}

function dataOf(bytes: Buffer): AmqpMessage["body"] {
  return rhea.message.data_section(bytes);
}

function encode(message: Partial<AmqpMessage>): Buffer {
  return rhea.message.encode({ body: undefined, ...message });
}

/** A batch as the C client encodes it: a message in each data section. */
function batchOf(...sections: readonly Buffer[]): Buffer {
  return encode({ body: rhea.message.data_sections([...sections]) });
}

function rejection(condition: string, errorCode: number) {
  return {
    type: "rejected",
    condition,
    description: expect.stringContaining(`"errorCode":${errorCode}`),
  };
}

const REFUSED = rejection("com.microsoft:argument-error", 400004);
const TOO_LARGE = rejection("amqp:link:message-size-exceeded", 413001);

// Rule d2c-amqp.
describe("a device's telemetry link", () => {
  it.each([
    "devices/device1/messages/events",
    "amqps://localhost/devices/device1/messages/events",
    "/Devices/device1/Messages/Events",
    "/devices/device%31/messages/events",
  ])("may be attached to %s", async (address) => {
    const hub = await createTestHub();
    const peer = await hub.connectAmqpDevice();
    expect(await (await peer.openSender(address)).send({ body: "x" })).toEqual(ACCEPTED);
    expect(storedEvents(hub.deviceToCloud)).toMatchObject([{ payload: { deviceId: "device1" } }]);
  });

  it("marks the device as connected until it is detached", async () => {
    const { hub, sender } = await openSender();
    expect(hub.log.of("deviceConnected")).toMatchObject([{ protocol: "amqp" }]);
    sender.link.close();
    await hub.log.reached("deviceDisconnected");
  });

  // Rule one-connection.
  it("closes when the device connects over another protocol", async () => {
    const { hub, sender } = await openSender();
    const closed = once(sender.link, "sender_close");
    await hub.connectDevice();
    await closed;
    expect(sender.link.error).toMatchObject({ condition: "amqp:connection:forced" });
  });

  // Rule sas-expiry.
  it("closes when its token expires", async () => {
    const hub = await createTestHub();
    const peer = await hub.amqp().opened();
    const token = hub.deviceToken("device1", { expiresInSeconds: 60 });
    await (await peer.openCbs()).putToken(HOST, token);
    const { link } = await peer.openSender(ADDRESS);
    const closed = once(link, "sender_close");
    hub.clock.advance(60_000);
    await closed;
    expect(link.error).toMatchObject(UNAUTHORIZED);
    // It was the device's only link.
    await hub.log.reached("deviceDisconnected");
  });

  // Rule device-credentials.
  it.each(["disabled", "deleted"])("closes when the device is %s", async (how) => {
    const { hub, peer, sender } = await openSender();
    const closed = once(sender.link, "sender_close");
    if (how === "deleted") await hub.registry.delete("device1", "*");
    else await hub.registry.update("device1", { status: "disabled" }, "*");
    await closed;
    await expect(peer.openSender(ADDRESS)).rejects.toMatchObject(UNAUTHORIZED);
  });

  // Rules sas-expiry, device-credentials.
  it.each<[string, (hub: TestHub) => Promise<unknown>]>([
    ["token has expired", async (hub) => hub.clock.advance(3_600_000)],
    ["device is disabled", (hub) => hub.registry.update("device1", { status: "disabled" }, "*")],
    ["device has connected over another protocol", (hub) => hub.connectDevice()],
  ])("accepts nothing once its %s, even if the peer does not read", async (_what, change) => {
    const { hub, peer, sender } = await openSender();
    peer.stall();
    await change(hub);
    sender.link.send({ body: "late" });
    const other = await hub.connectAmqpDevice("device2");
    await (await other.openSender("/devices/device2/messages/events")).send({ body: "other" });
    const devices = storedEvents(hub.deviceToCloud).map(({ payload }) => payload.deviceId);
    expect(devices).toEqual(["device2"]);
  });

  // Rules sas-subject, policy-permissions.
  it.each([
    ["service", false],
    ["registryRead", false],
    ["registryReadWrite", false],
    ["device", true],
    ["iothubowner", true],
  ])("may be attached with policy %s: %s", async (policy, may) => {
    const { peer } = await connectTestService(policy);
    expect(await isAuthorized(peer.openSender(ADDRESS))).toBe(may);
  });

  it("is refused to another device and to a client that has not signed in", async () => {
    const hub = await createTestHub();
    const other = await hub.connectAmqpDevice("device2");
    await expect(other.openSender(ADDRESS)).rejects.toMatchObject(UNAUTHORIZED);
    const nobody = await hub.amqp().opened();
    await expect(nobody.openSender(ADDRESS)).rejects.toMatchObject(UNAUTHORIZED);
  });

  it("is refused for a device that does not exist", async () => {
    const { peer } = await connectTestService("iothubowner");
    const attached = peer.openSender("/devices/nobody/messages/events");
    await expect(attached).rejects.toMatchObject(UNAUTHORIZED);
  });

  it("cannot be attached to receive", async () => {
    const hub = await createTestHub();
    const peer = await hub.connectAmqpDevice();
    await expect(peer.openReceiver(ADDRESS)).rejects.toMatchObject({ condition: "amqp:not-found" });
  });
});

// Rules d2c-durable, amqp-outcome.
describe("telemetry is accepted", () => {
  it("once it is stored, and readers do not see it before", async () => {
    const store = new HeldStore();
    const hub = await createTestHub({ store });
    const { peer, sender } = await openSender(hub);
    store.hold();
    const outcome = sender.send({ body: "x" });
    // An early outcome would have arrived before it.
    await roundTrip(peer);
    expect(await Promise.race([outcome, "pending"])).toBe("pending");
    expect(store.waiting).toBe(1);
    expect(storedEvents(hub.deviceToCloud)).toEqual([]);
    store.release();
    expect(await outcome).toEqual(ACCEPTED);
    expect(storedEvents(hub.deviceToCloud)).toHaveLength(1);
  });

  it("or rejected when the store fails", async () => {
    const hub = await createTestHub({ store: createFailingStore("event/") });
    const { sender } = await openSender(hub);
    expect(await sender.send({ body: "x" })).toEqual(rejection("amqp:internal-error", 500001));
    expect(storedEvents(hub.deviceToCloud)).toEqual([]);
  });

  it("even if messages before and after it are rejected", async () => {
    const { hub, sender } = await openSender();
    const bad = { application_properties: { n: 1 }, body: "x" };
    const messages = [{ body: "0" }, bad, { body: "2" }, bad, bad, { body: "5" }];
    const outcomes = await Promise.all(messages.map((message) => sender.send(message)));
    expect(outcomes.map(({ type }) => type)).toEqual([
      "accepted",
      "rejected",
      "accepted",
      "rejected",
      "rejected",
      "accepted",
    ]);
    const bodies = storedTelemetry(hub.deviceToCloud).map(({ body }) => String(body));
    expect(bodies).toEqual(["0", "2", "5"]);
  });

  it("in order, even beyond the link's initial credit", async () => {
    const { hub, sender } = await openSender();
    const count = 3000;
    const outcomes: Promise<unknown>[] = [];
    while (outcomes.length < count) {
      if (!sender.link.sendable()) await once(sender.link, "sendable");
      outcomes.push(sender.send({ body: String(outcomes.length) }));
    }
    for (const outcome of await Promise.all(outcomes)) expect(outcome).toEqual(ACCEPTED);
    const bodies = storedTelemetry(hub.deviceToCloud).map(({ body }) => String(body));
    expect(bodies).toEqual(Array.from({ length: count }, (_, n) => String(n)));
  });
});

// Rule d2c-properties.
describe("a telemetry message", () => {
  it("is stored with its properties, body, and the annotations that a device may set", async () => {
    const { hub, sender } = await openSender();
    const expiryTimeUtcMs = Date.UTC(2027, 0, 1);
    await sender.send({
      message_id: "m1",
      correlation_id: "c1",
      user_id: "u1",
      to: ADDRESS,
      content_type: "application/json",
      content_encoding: "utf-8",
      absolute_expiry_time: new Date(expiryTimeUtcMs),
      application_properties: { a: "b", "iothub-ack": "full", empty: "" },
      message_annotations: {
        "iothub-interface-id": "urn:a",
        "dt-subject": "part",
        "dt-dataschema": "schema",
        "iothub-creation-time-utc": new Date(Date.UTC(2026, 5, 1)),
        "iothub-connection-device-id": "somebody else",
        "iothub-message-source": "somewhere",
      },
      body: dataOf(Buffer.from("h\0\u00fc")),
    });
    expect(storedTelemetry(hub.deviceToCloud)).toEqual([
      {
        system: {
          messageId: "m1",
          correlationId: "c1",
          userId: "u1",
          to: ADDRESS,
          contentType: "application/json",
          contentEncoding: "utf-8",
          expiryTimeUtcMs,
          interfaceId: "urn:a",
          subject: "part",
          schema: "schema",
          creationTimeUtc: "2026-06-01T00:00:00.000Z",
        },
        properties: { a: "b", "iothub-ack": "full", empty: "" },
        body: Buffer.from("h\0\u00fc"),
      },
    ]);
  });

  it.each<[string, unknown, string, string | undefined]>([
    ["string", "m1", "m1", undefined],
    ["uuid", rhea.types.wrap_uuid(UUID), "12345678-1234-1234-1234-1234567890ab", "uuid"],
    ["ulong", rhea.types.wrap_ulong(7), "7", "ulong"],
    [
      "ulong beyond 2^53",
      rhea.types.wrap_ulong(Buffer.from("ffffffffffffff01", "hex") as unknown as number),
      "18446744073709551361",
      "ulong",
    ],
  ])("keeps the type of its ids: %s", async (_what, id, value, type) => {
    const { hub, sender } = await openSender();
    const wire = id as string;
    await sender.send({ message_id: wire, correlation_id: wire, body: "x" });
    const [stored] = storedTelemetry(hub.deviceToCloud);
    expect(stored?.system).toEqual({
      messageId: value,
      correlationId: value,
      ...(type !== undefined && { messageIdType: type, correlationIdType: type }),
    });
  });

  it.each<[string, AmqpMessage["body"], string]>([
    ["one data section", dataOf(Buffer.from("ab")), "ab"],
    [
      "several data sections",
      rhea.message.data_sections([Buffer.from("a"), Buffer.from("b")]),
      "ab",
    ],
    ["a string", "ab", "ab"],
    ["a binary value", rhea.types.wrap_binary(Buffer.from("ab")), "ab"],
    ["nothing", undefined, ""],
  ])("may have %s as its body", async (_what, body, text) => {
    const { hub, sender } = await openSender();
    expect(await sender.send({ body })).toEqual(ACCEPTED);
    expect(String(storedTelemetry(hub.deviceToCloud)[0]?.body)).toBe(text);
  });

  it.each<[string, Partial<AmqpMessage>]>([
    ["a property that is a number", { application_properties: { n: 1 } }],
    ["a property that is a boolean", { application_properties: { yes: true } }],
    ["a property that is null", { application_properties: { nothing: null } }],
    ["a message id of 129 characters", { message_id: "x".repeat(129) }],
    ["a body that is a number", { body: 7 }],
    ["a body that is a map", { body: { a: 1 } }],
  ])("is refused with %s", async (_what, fields) => {
    const { hub, sender } = await openSender();
    expect(await sender.send({ body: "x", ...fields })).toEqual(REFUSED);
    expect(storedEvents(hub.deviceToCloud)).toEqual([]);
    expect(await sender.send({ body: "good" })).toEqual(ACCEPTED);
  });

  // Rule d2c-size.
  it("may have 256 KB, but not a byte more", async () => {
    const { hub, sender } = await openSender();
    expect(await sender.send({ body: dataOf(Buffer.alloc(262_144)) })).toEqual(ACCEPTED);
    expect(await sender.send({ body: dataOf(Buffer.alloc(262_145)) })).toEqual(TOO_LARGE);
    const withProperty = {
      body: dataOf(Buffer.alloc(262_143)),
      application_properties: { a: "b" },
    };
    expect(await sender.send(withProperty)).toEqual(TOO_LARGE);
    expect(storedEvents(hub.deviceToCloud)).toHaveLength(1);
  });
});

// Rule d2c-amqp-batch.
describe("a batch", () => {
  it("becomes one event per message, in order, and has one outcome", async () => {
    const { hub, sender } = await openSender();
    const batch = batchOf(
      encode({ message_id: "m0", body: dataOf(Buffer.from("0")) }),
      encode({ application_properties: { a: "b" }, body: dataOf(Buffer.from("1")) }),
      encode({ message_annotations: { "dt-subject": "part" }, body: "2" }),
    );
    expect(await sender.sendBytes(batch, BATCH_FORMAT)).toEqual(ACCEPTED);
    expect(storedEvents(hub.deviceToCloud)).toMatchObject([
      { sequenceNumber: 0, payload: { telemetry: { system: { messageId: "m0" } } } },
      { sequenceNumber: 1, payload: { telemetry: { properties: { a: "b" } } } },
      { sequenceNumber: 2, payload: { telemetry: { system: { subject: "part" } } } },
    ]);
  });

  it("of one message becomes one event", async () => {
    const { hub, sender } = await openSender();
    expect(await sender.sendBytes(batchOf(encode({ body: "x" })), BATCH_FORMAT)).toEqual(ACCEPTED);
    expect(storedEvents(hub.deviceToCloud)).toHaveLength(1);
  });

  // Rule d2c-durable.
  it("is accepted as a whole or not at all", async () => {
    const { hub, sender } = await openSender();
    const good = encode({ body: "x" });
    const bad = encode({ application_properties: { n: 1 }, body: "x" });
    expect(await sender.sendBytes(batchOf(good, good, bad), BATCH_FORMAT)).toEqual(REFUSED);
    expect(await sender.sendBytes(batchOf(good, bad, good), BATCH_FORMAT)).toEqual(REFUSED);
    expect(storedEvents(hub.deviceToCloud)).toEqual([]);
  });

  // Rule d2c-size.
  it("may have 256 KB in total", async () => {
    const { hub, sender } = await openSender();
    const half = encode({ body: dataOf(Buffer.alloc(131_072)) });
    expect(await sender.sendBytes(batchOf(half, half), BATCH_FORMAT)).toEqual(ACCEPTED);
    const one = encode({ body: dataOf(Buffer.alloc(1)) });
    expect(await sender.sendBytes(batchOf(half, half, one), BATCH_FORMAT)).toEqual(TOO_LARGE);
    expect(storedEvents(hub.deviceToCloud)).toHaveLength(2);
  });

  it.each<[string, Buffer]>([
    ["with a section that is not a message", batchOf(Buffer.from("hello"))],
    ["with a truncated section", batchOf(encode({ message_id: "m1", body: "x" }).subarray(0, 9))],
    ["with a section of one invalid byte", batchOf(encode({ body: "x" }), Buffer.from([0xff]))],
    ["with a string body", encode({ body: "x" })],
    ["with a map as its body", encode({ body: { a: 1 } })],
    ["without a body", Buffer.from([0x00, 0x53, 0x73, 0x45])],
    ["that is not a message itself", Buffer.from("hello")],
    ["of no bytes", Buffer.alloc(0)],
  ])("%s is refused; the next message is accepted", async (_what, bytes) => {
    const hub = await createTestHub();
    const uncaught = await uncaughtDuring(async () => {
      const { sender } = await openSender(hub);
      expect(await sender.sendBytes(bytes, BATCH_FORMAT)).toEqual(REFUSED);
      expect(storedEvents(hub.deviceToCloud)).toEqual([]);
      expect(await sender.send({ body: "x" })).toEqual(ACCEPTED);
    });
    expect(uncaught).toEqual([]);
  });

  it("in an unknown message format is refused", async () => {
    const { hub, sender } = await openSender();
    const batch = batchOf(encode({ body: "x" }));
    expect(await sender.sendBytes(batch, 0x80013701)).toEqual(REFUSED);
    expect(storedEvents(hub.deviceToCloud)).toEqual([]);
  });
});

describe("a device", () => {
  it.each(LINK_ENDS)("may close its %s during a burst", async (end) => {
    const store = new HeldStore();
    const hub = await createTestHub({ store });
    const uncaught = await uncaughtDuring(async () => {
      const { peer, sender } = await openSender(hub);
      store.hold();
      for (let n = 0; n < 20; n++) void sender.send({ body: String(n) });
      await roundTrip(peer);
      peer.end(sender.link, end);
      await expect.poll(() => hub.services.connections.count).toBe(0);
      store.release();
      await hub.log.reached("telemetry", 20);
      const again = await openSender(hub);
      expect(await again.sender.send({ body: "x" })).toEqual(ACCEPTED);
    });
    expect(uncaught).toEqual([]);
  });

  it("that sends a message that is not AMQP loses only its own connection", async () => {
    const hub = await createTestHub();
    const uncaught = await uncaughtDuring(async () => {
      const { peer, sender } = await openSender(hub);
      void sender.sendBytes(Buffer.from([0x00, 0x53, 0x75, 0xb0, 0xff]));
      await peer.closed;
      const again = await openSender(hub);
      expect(await again.sender.send({ body: "x" })).toEqual(ACCEPTED);
    });
    expect(uncaught).toEqual([]);
  });

  it("that sends a huge message is disconnected before the message is complete", async () => {
    const { hub, peer, sender } = await openSender();
    const sent = sender.send({ body: dataOf(Buffer.alloc(64 * 1024 * 1024)) });
    const outcome = await Promise.race([sent, peer.closed]);
    expect(outcome).toBeUndefined();
    const again = await openSender(hub);
    expect(await again.sender.send({ body: "x" })).toEqual(ACCEPTED);
  });
});
