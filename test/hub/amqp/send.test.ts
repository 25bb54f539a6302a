import rhea, { type Message } from "rhea";
import { describe, expect, it } from "vitest";
import { decodeDeviceboundProperties } from "../../../src/core/property-bag.ts";
import type { AmqpSender } from "../../support/amqp-peer.ts";
import { HeldStore } from "../../support/held-store.ts";
import { createTestHub, devicebound } from "../../support/test-hub.ts";

const TO = "/devices/device1/messages/devicebound";
const UUID = "12345678-1234-1234-1234-1234567890ab";

async function service(options: Parameters<typeof createTestHub>[0] = {}) {
  const hub = await createTestHub(options);
  const { peer } = await hub.connectService();
  return { hub, peer, sender: await peer.openSender("/messages/devicebound") };
}

/** Sends a message to device1 and returns what the device receives over MQTT. */
async function roundTrip(message: Partial<Message>) {
  const { hub, sender } = await service();
  const { peer } = await hub.connectDevice();
  await peer.subscribe(devicebound());
  expect(await sender.send({ to: TO, ...message })).toEqual({ type: "accepted" });
  const { topic, payload } = await peer.nextPublish();
  return { ...decodeDeviceboundProperties(topic.slice(topic.lastIndexOf("/") + 1)), payload };
}

describe("a message is accepted", () => {
  // Rules amqp-address, c2d-to.
  it.each([
    TO,
    "devices/device1/messages/devicebound",
    "/devices/device1/messages/deviceBound",
    "amqps://localhost/devices/device1/messages/devicebound",
  ])("to %s", async (to) => {
    const { hub, sender } = await service();
    expect(await sender.send({ to, body: "x" })).toEqual({ type: "accepted" });
    expect(hub.cloudToDevice.countOf("device1")).toBe(1);
  });

  it("to a percent-encoded device id", async () => {
    const { hub, sender } = await service({ devices: ["a%b?c"] });
    await sender.send({ to: `/devices/${encodeURIComponent("a%b?c")}/messages/devicebound` });
    expect(hub.cloudToDevice.countOf("a%b?c")).toBe(1);
  });

  // Rule amqp-outcome.
  it("once it is stored, not before", async () => {
    const store = new HeldStore();
    const { hub, sender } = await service({ store });
    store.hold();
    let isAccepted = false;
    const outcome = sender.send({ to: TO }).then((result) => {
      isAccepted = true;
      return result;
    });
    await expect.poll(() => store.waiting).toBe(1);
    // A round trip on the same connection: an early disposition would have arrived before it.
    await sender.send({ to: "/devices/nobody/messages/devicebound" });
    expect(isAccepted).toBe(false);
    expect(hub.log.of("enqueued")).toEqual([]);
    store.release();
    expect(await outcome).toEqual({ type: "accepted" });
  });
});

describe("a message is delivered", () => {
  // Rule mqtt-properties.
  it("with all its system and application properties", async () => {
    const expiry = Date.UTC(2026, 0, 1, 0, 30);
    const received = await roundTrip({
      message_id: "m1",
      correlation_id: "c1",
      user_id: Buffer.from("u1") as unknown as string,
      content_type: "application/json",
      content_encoding: "utf-8",
      absolute_expiry_time: new Date(expiry),
      application_properties: { "iothub-ack": "Full", "k é": "v/1" },
      body: rhea.message.data_section(Buffer.from("body")),
    });
    expect(received.system).toEqual({
      messageId: "m1",
      correlationId: "c1",
      userId: "u1",
      to: TO,
      contentType: "application/json",
      contentEncoding: "utf-8",
      expiryTimeUtcMs: expiry,
      ack: "full",
    });
    expect(received.properties).toEqual({ "k é": "v/1" });
    expect(received.payload).toEqual(Buffer.from("body"));
  });

  it.each<[string, unknown, string]>([
    ["uuid", rhea.types.wrap_uuid(rhea.string_to_uuid(UUID)), UUID],
    ["ulong", 7, "7"],
    ["ulong zero", 0, "0"],
    ["string", "7", "7"],
  ])("with its ids as strings when they were sent as %s", async (_type, id, text) => {
    const { system } = await roundTrip({
      message_id: id as string,
      correlation_id: id as string,
    });
    expect([system.messageId, system.correlationId]).toEqual([text, text]);
  });

  it.each<[string, unknown, string]>([
    ["one data section", rhea.message.data_section(Buffer.from("ab")), "ab"],
    [
      "several data sections",
      rhea.message.data_sections([Buffer.from("a"), Buffer.from("b")]),
      "ab",
    ],
    ["an empty data section", rhea.message.data_section(Buffer.alloc(0)), ""],
    ["a string", "ab", "ab"],
    ["a binary value", Buffer.from("ab"), "ab"],
    ["no body", undefined, ""],
    ["null", null, ""],
  ])("with its body when it was sent as %s", async (_form, body, text) => {
    const { payload } = await roundTrip({ body });
    expect(payload.toString()).toBe(text);
  });
});

describe("a message is rejected", () => {
  const refused: [string, string, Partial<Message>][] = [
    [
      "for a device that does not exist",
      "amqp:not-found",
      { to: "/devices/nobody/messages/devicebound" },
    ],
    [
      "for a device id in different case",
      "amqp:not-found",
      { to: "/devices/DEVICE1/messages/devicebound" },
    ],
    ["without to", "com.microsoft:argument-error", {}],
    ["with to of another form", "com.microsoft:argument-error", { to: "/messages/devicebound" }],
    [
      "with an unknown iothub-ack",
      "com.microsoft:argument-error",
      { to: TO, application_properties: { "iothub-ack": "all" } },
    ],
    [
      "with an iothub-ack that is not a string",
      "com.microsoft:argument-error",
      { to: TO, application_properties: { "iothub-ack": 1 } },
    ],
    [
      "with an application property that is not a string",
      "com.microsoft:argument-error",
      { to: TO, application_properties: { n: 1 } },
    ],
    [
      "with a message id over 128 characters",
      "com.microsoft:argument-error",
      { to: TO, message_id: "x".repeat(129) },
    ],
    ["with a body that is a map", "com.microsoft:argument-error", { to: TO, body: { a: 1 } }],
    [
      "with a body that is a sequence",
      "com.microsoft:argument-error",
      { to: TO, body: rhea.message.sequence_section([1, 2]) },
    ],
    [
      "over 64 KB",
      "amqp:link:message-size-exceeded",
      { to: TO, body: rhea.message.data_section(Buffer.alloc(65_537)) },
    ],
    [
      "over 64 KB, in several frames",
      "amqp:link:message-size-exceeded",
      { to: TO, body: rhea.message.data_section(Buffer.alloc(300_000)) },
    ],
  ];
  // Rules amqp-outcome, c2d-to, c2d-unknown-device, c2d-size, c2d-message-id.
  it.each(refused)("%s, with %s", async (_why, condition, message) => {
    const { hub, sender } = await service();
    expect(await sender.send(message)).toMatchObject({ type: "rejected", condition });
    expect(hub.log.of("enqueued")).toEqual([]);
    expect(await sender.send({ to: TO })).toEqual({ type: "accepted" });
  });

  // Rules amqp-outcome, c2d-depth.
  it("when 50 are queued, with amqp:resource-limit-exceeded and error code 403004", async () => {
    const { sender } = await service();
    for (let n = 0; n < 50; n++)
      expect(await sender.send({ to: TO })).toEqual({ type: "accepted" });
    const outcome = await sender.send({ to: TO });
    expect(outcome).toMatchObject({
      type: "rejected",
      condition: "amqp:resource-limit-exceeded",
    });
    expect(JSON.parse("description" in outcome ? outcome.description : "")).toMatchObject({
      errorCode: 403004,
      trackingId: expect.stringMatching(/./),
      timestampUtc: "2026-01-01T00:00:00.000Z",
    });
  });

  // Rule c2d-unknown-device.
  it("for a disabled device, with amqp:not-found and error code 404001", async () => {
    const { hub, sender } = await service();
    await hub.registry.update("device1", { status: "disabled" }, "*");
    expect(await sender.send({ to: TO })).toMatchObject({
      condition: "amqp:not-found",
      description: expect.stringContaining('"errorCode":404001'),
    });
    expect(hub.log.of("enqueued")).toEqual([]);
  });
});

describe("outcomes in a burst", () => {
  it.each([
    ["alternating", 2],
    ["in pairs", 4],
    ["in runs of five", 10],
  ])("match their messages: %s", async (_pattern, period) => {
    const { sender } = await service();
    const isGood = (n: number): boolean => n % period < period / 2;
    const outcomes = await sendBurst(sender, 40, (n) =>
      isGood(n) ? TO : `/devices/nobody${n}/messages/devicebound`,
    );
    outcomes.forEach((outcome, n) => {
      if (isGood(n)) expect(outcome).toEqual({ type: "accepted" });
      else
        expect(outcome).toMatchObject({
          type: "rejected",
          description: expect.stringContaining(`nobody${n}'`),
        });
    });
  });

  it("match their messages when the reasons for rejection differ", async () => {
    const { sender } = await service();
    const outcomes = await Promise.all([
      sender.send({ to: "nowhere" }),
      sender.send({ to: "/devices/nobody/messages/devicebound" }),
      sender.send({ to: TO, body: rhea.message.data_section(Buffer.alloc(70_000)) }),
      sender.send({ to: TO }),
    ]);
    expect(outcomes.map((one) => ("condition" in one ? one.condition : one.type))).toEqual([
      "com.microsoft:argument-error",
      "amqp:not-found",
      "amqp:link:message-size-exceeded",
      "accepted",
    ]);
  });

  it("keep arriving for more messages than a session can track (2048)", async () => {
    const { sender } = await service({ settings: { queueDepth: 100_000 } });
    for (let round = 0; round < 10; round++) {
      const outcomes = await sendBurst(sender, 500, () => TO);
      expect(outcomes.every(({ type }) => type === "accepted")).toBe(true);
    }
  });
});

function sendBurst(sender: AmqpSender, count: number, to: (n: number) => string) {
  return Promise.all(
    Array.from({ length: count }, (_, n) => sender.send({ to: to(n), message_id: `m${n}` })),
  );
}

describe("the credit of a sender", () => {
  it("is renewed in batches, long before it is used up", async () => {
    const { sender } = await service();
    let renewals = 0;
    sender.link.on("sender_flow", () => {
      renewals += 1;
    });
    for (let sent = 0; sent < 1500; sent += 300) {
      expect(sender.link.sendable()).toBe(true);
      const refused = Array.from({ length: 300 }, () => sender.send({ to: "/nobody" }));
      await Promise.all(refused);
    }
    // A round trip, after which the last renewal has arrived.
    await sender.send({ to: TO });
    expect(renewals).toBe(3);
  });
});
