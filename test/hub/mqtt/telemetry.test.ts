import type { IPublishPacket } from "mqtt-packet";
import { describe, expect, it } from "vitest";
import { openPartition } from "../../support/event-hub.ts";
import { createFailingStore } from "../../support/failing-store.ts";
import { HeldStore } from "../../support/held-store.ts";
import { type MqttPeer, publishPacket } from "../../support/mqtt-peer.ts";
import { storedEvents, storedTelemetry } from "../../support/stored-events.ts";
import { connectTestDevice, createTestHub } from "../../support/test-hub.ts";
import { stable } from "../support/stable.ts";

const TOPIC = "devices/device1/messages/events/";

function publish(fields: Partial<IPublishPacket> = {}): IPublishPacket {
  return publishPacket({ topic: TOPIC, payload: "x", qos: 1, messageId: 1, ...fields });
}

/** Sends a packet, and expects its PUBACK next. */
async function expectPuback(peer: MqttPeer, packet: IPublishPacket): Promise<void> {
  peer.send(packet);
  expect(await peer.next()).toMatchObject({ cmd: "puback", messageId: packet.messageId });
}

// Rules d2c-mqtt, d2c-durable.
describe("PUBLISH of a device", () => {
  it("with QoS 1 is stored and answered with PUBACK", async () => {
    const { hub, peer } = await connectTestDevice();
    const payload = Buffer.from("h\u00e9llo\0\uffff");
    await expectPuback(peer, publish({ messageId: 65_535, payload }));
    expect(storedEvents(hub.deviceToCloud)).toMatchObject([
      {
        sequenceNumber: 0,
        enqueuedTimeMs: hub.clock.nowMs(),
        payload: {
          deviceId: "device1",
          generationId: hub.registry.get("device1").generationId,
          authMethod: '{"scope":"device","type":"sas","issuer":"iothub"}',
          telemetry: { system: {}, properties: {}, body: payload },
        },
      },
    ]);
  });

  it("with QoS 0 is stored and not answered", async () => {
    const { hub, peer } = await connectTestDevice();
    peer.send({ ...publish({ qos: 0 }) });
    await hub.log.reached("telemetry");
    await peer.ping();
    expect(storedTelemetry(hub.deviceToCloud)).toHaveLength(1);
  });

  it("with DUP is stored as another event, because the hub does not deduplicate", async () => {
    const { hub, peer } = await connectTestDevice();
    await expectPuback(peer, publish());
    await expectPuback(peer, publish({ dup: true }));
    expect(storedTelemetry(hub.deviceToCloud)).toHaveLength(2);
  });

  it("is reported as a hub event", async () => {
    const { hub, peer } = await connectTestDevice();
    await expectPuback(peer, publish({ topic: `${TOPIC}%24.mid=m1` }));
    const [partitionId = ""] = hub.deviceToCloud.partitionIds.filter(
      (id) => !hub.deviceToCloud.propertiesOf(id).isEmpty,
    );
    expect(hub.log.of("telemetry")).toEqual([
      { type: "telemetry", deviceId: "device1", messageId: "m1", partitionId, sequenceNumber: 0 },
    ]);
  });

  it("to the topic without a trailing slash has no properties", async () => {
    const { hub, peer } = await connectTestDevice();
    await expectPuback(peer, publish({ topic: TOPIC.slice(0, -1) }));
    expect(storedTelemetry(hub.deviceToCloud)).toMatchObject([{ system: {}, properties: {} }]);
  });

  it("without a body is stored as an event", async () => {
    const { hub, peer } = await connectTestDevice();
    await expectPuback(peer, publish({ payload: "" }));
    expect(storedTelemetry(hub.deviceToCloud)).toMatchObject([{ body: Buffer.alloc(0) }]);
  });

  it("with a policy's token has the scope of the hub, not of the device", async () => {
    const hub = await createTestHub();
    const password = Buffer.from(hub.policyToken("device"));
    const { peer } = await hub.connectDevice("device1", { password });
    await expectPuback(peer, publish());
    const [event] = storedEvents(hub.deviceToCloud);
    expect(JSON.parse(event?.payload.authMethod ?? "")).toMatchObject({ scope: "hub" });
  });

  it("with exactly 256 KB is stored", async () => {
    const { hub, peer } = await connectTestDevice();
    await expectPuback(peer, publish({ payload: Buffer.alloc(262_144) }));
    expect(storedTelemetry(hub.deviceToCloud)).toHaveLength(1);
  });

  // Rule c2d-order.
  it("is stored in order, whatever the QoS", async () => {
    const { hub, peer } = await connectTestDevice();
    const texts = Array.from({ length: 200 }, (_, n) => String(n));
    texts.forEach((payload, n) => {
      peer.send(n % 2 ? publish({ payload, messageId: n }) : publish({ payload, qos: 0 }));
    });
    for (let n = 1; n < texts.length; n += 2)
      expect(await peer.next()).toMatchObject({ messageId: n });
    const stored = storedTelemetry(hub.deviceToCloud);
    expect(stored.map(({ body }) => Buffer.from(body).toString())).toEqual(texts);
  });
});

// Rules d2c-mqtt, d2c-properties.
describe("the topic of a PUBLISH", () => {
  it("contains system and application properties", async () => {
    const { hub, peer } = await connectTestDevice();
    const bag =
      "%24.mid=id1&%24.cid=c1&%24.ct=application%2Fjson&%24.ce=utf-8&%24.sub=part" +
      "&k%20%C3%A9=v%2F1&bare&empty=&iothub-ack=full&bad=%zz";
    await expectPuback(peer, publish({ topic: `${TOPIC}${bag}` }));
    expect(storedTelemetry(hub.deviceToCloud)).toMatchObject([
      {
        system: {
          messageId: "id1",
          correlationId: "c1",
          contentType: "application/json",
          contentEncoding: "utf-8",
          subject: "part",
        },
        properties: { "k \u00e9": "v/1", bare: null, empty: "", "iothub-ack": "full", bad: "%zz" },
      },
    ]);
  });

  // Rules d2c-properties, event-message.
  describe("is converted for readers of events:", () => {
    /** Publishes a message with these properties, and returns the event as read. */
    async function readEvent(bag: string) {
      const { hub, peer } = await connectTestDevice();
      await expectPuback(peer, publish({ topic: `${TOPIC}${bag}` }));
      const { partitionId = "" } = await hub.log.reached("telemetry");
      const service = await hub.connectService();
      const reader = await openPartition(service.peer, { partitionId });
      return (await reader.next()).message;
    }

    /** With `$` as is, and percent-encoded. */
    const FORMS = ["$.", "%24."];

    describe.each(FORMS)("system keys that start with %s", (prefix) => {
      it.each([
        ["mid", "m%2f1", { message_id: "m/1" }],
        ["mid", "m%2F1", { message_id: "m/1" }],
        ["cid", "c1", { correlation_id: "c1" }],
        ["uid", "%c3%bc", { user_id: Buffer.from("\u00fc") }],
        ["to", "%2Fa%2fb", { to: "/a/b" }],
        ["ct", "application%2fjson", { content_type: "application/json" }],
        ["ct", "application%2Fjson", { content_type: "application/json" }],
        ["ce", "utf-8", { content_encoding: "utf-8" }],
        [
          "exp",
          "2027-01-06T23%3a37%3A00.669Z",
          { absolute_expiry_time: new Date("2027-01-06T23:37:00.669Z") },
        ],
      ])("%s=%s becomes a property of the message", async (key, value, expected) => {
        const message = await readEvent(`${prefix}${key}=${value}&own=1`);
        expect(message).toMatchObject(expected);
        expect(message.application_properties).toEqual({ own: "1" });
      });

      it.each([
        ["ifid", "urn%3aa%3Ab", "iothub-interface-name", "urn:a:b"],
        ["sub", "part%20a", "dt-subject", "part a"],
        ["schema", "s%2F1%2f2", "dt-dataschema", "s/1/2"],
        ["ctime", "2026-01-01T00%3A00%3a00Z", "iothub-creation-time-utc", "2026-01-01T00:00:00Z"],
      ])("%s=%s becomes an annotation of the event", async (key, value, annotation, expected) => {
        const message = await readEvent(`${prefix}${key}=${value}`);
        expect(message.message_annotations).toMatchObject({ [annotation]: expected });
        expect(message.application_properties ?? {}).toEqual({});
      });

      it.each([
        ["on", "output1", "output1"],
        ["diagid", "0123abcd", "0123abcd"],
        ["diagctx", "creationtimeutc%3d1%3D2", "creationtimeutc=1=2"],
        ["cdid", "device2", "device2"],
        ["cmid", "module%2f1", "module/1"],
      ])(
        "%s=%s remains an application property, and does not change the device's identity",
        async (...key) => {
          const [name, value, expected] = key;
          const message = await readEvent(`${prefix}${name}=${value}`);
          expect(message.application_properties).toEqual({ [`$.${name}`]: expected });
          expect(message.message_annotations).toMatchObject({
            "iothub-connection-device-id": "device1",
            "iothub-message-source": "Telemetry",
          });
          expect(message.message_annotations).not.toHaveProperty("iothub-connection-module-id");
        },
      );
    });
  });

  // Rule d2c-mqtt-retain.
  it("with RETAIN gets the property mqtt-retain, and is not retained", async () => {
    const { hub, peer } = await connectTestDevice();
    await expectPuback(peer, publish({ retain: true, topic: `${TOPIC}a=b` }));
    expect(storedTelemetry(hub.deviceToCloud)).toMatchObject([
      { properties: { a: "b", "mqtt-retain": "true" } },
    ]);
  });

  // Rule mqtt-violation.
  it.each([
    "devices/device2/messages/events/",
    "devices/Device1/messages/events/",
    "devices/device1/messages/devicebound/",
    "devices/device1/messages/eventsmore",
    "devices/device1/modules/m/messages/events/",
    "/devices/device1/messages/events/",
    "$iothub/twin/PATCH/properties/desired/?$rid=1",
    "$SYS/broker",
    "telemetry",
  ])("%s closes the connection and stores nothing", async (topic) => {
    const { hub, peer } = await connectTestDevice();
    peer.send(publish({ topic }));
    await peer.closedSilently();
    expect(storedEvents(hub.deviceToCloud)).toEqual([]);
  });
});

describe("a refused PUBLISH", () => {
  // Rules d2c-size, mqtt-violation.
  it.each<[string, Partial<IPublishPacket>]>([
    ["QoS 2", { qos: 2 }],
    ["a body over 256 KB", { payload: Buffer.alloc(262_145) }],
    ["a body of 256 KB with a property", { payload: Buffer.alloc(262_144), topic: `${TOPIC}a=b` }],
    ["a packet of 2 MB", { payload: Buffer.alloc(2_000_000) }],
    ["a message id of 129 characters", { topic: `${TOPIC}%24.mid=${"x".repeat(129)}` }],
  ])("with %s closes the connection and stores nothing", async (_what, fields) => {
    const { hub, peer } = await connectTestDevice();
    peer.send(publish(fields));
    await peer.closedSilently();
    expect(storedEvents(hub.deviceToCloud)).toEqual([]);
    expect((await hub.connectDevice()).connack.returnCode).toBe(0);
  });

  it("does not affect earlier messages", async () => {
    const { hub, peer } = await connectTestDevice();
    peer.send(publish({ payload: "good" }));
    peer.send(publish({ topic: "nowhere" }));
    await peer.closed;
    expect(storedTelemetry(hub.deviceToCloud)).toMatchObject([{ body: Buffer.from("good") }]);
  });

  // Rule device-credentials.
  it.each([
    ["deleted", "*" as const],
    ["disabled", undefined],
  ])(
    "from a device that was %s closes the connection and stores nothing",
    async (_how, isDeleted) => {
      const { hub, peer } = await connectTestDevice();
      if (isDeleted) await hub.registry.delete("device1", "*");
      else await hub.registry.update("device1", { status: "disabled" }, "*");
      peer.send(publish());
      await peer.closedSilently();
      expect(storedEvents(hub.deviceToCloud)).toEqual([]);
    },
  );
});

// Rule d2c-durable.
describe("PUBACK", () => {
  it("is sent once the event is stored, and readers do not see the event before", async () => {
    const store = new HeldStore();
    const hub = await createTestHub({ store });
    const { peer } = await hub.connectDevice();
    store.hold();
    peer.send(publish({ messageId: 5 }));
    // The answer to a later packet: an early PUBACK would have arrived before it.
    await peer.ping();
    expect(store.waiting).toBe(1);
    expect(storedEvents(hub.deviceToCloud)).toEqual([]);
    expect(hub.log.of("telemetry")).toEqual([]);
    store.release();
    expect(await peer.next()).toMatchObject({ cmd: "puback", messageId: 5 });
    expect(storedEvents(hub.deviceToCloud)).toHaveLength(1);
  });

  it("is not sent when the store fails", async () => {
    const hub = await createTestHub({ store: createFailingStore("event/") });
    const { peer } = await hub.connectDevice();
    peer.send(publish());
    await peer.closedSilently();
    expect(storedEvents(hub.deviceToCloud)).toEqual([]);
  });

  it("is not sent to a client that has disconnected, but the event is stored", async () => {
    const store = new HeldStore();
    const hub = await createTestHub({ store });
    const { peer } = await hub.connectDevice();
    store.hold();
    peer.send(publish());
    await peer.ping();
    peer.destroy();
    await expect.poll(() => hub.services.connections.count).toBe(0);
    store.release();
    await hub.log.reached("telemetry");
    expect(storedEvents(hub.deviceToCloud)).toHaveLength(1);
  });
});

describe("a device that sends faster than the store writes", () => {
  const BYTES = 60_000;
  const COUNT = 100;

  it.each<[string, Partial<IPublishPacket>]>([
    ["bodies", { payload: Buffer.alloc(BYTES) }],
    ["topics", { topic: `${TOPIC}a=${"x".repeat(BYTES)}`, payload: "" }],
  ])("gets back-pressure for large %s, and then every PUBACK", async (_what, fields) => {
    const store = new HeldStore();
    const hub = await createTestHub({ store });
    const { peer, clientEnd } = await hub.connectDevice();
    store.hold();
    for (let n = 1; n <= COUNT; n++) peer.send(publish({ ...fields, messageId: n }));
    const unread = await stable(() => clientEnd.writableLength);
    expect(unread).toBeGreaterThan(BYTES * (COUNT / 2));
    store.release();
    for (let n = 1; n <= COUNT; n++) {
      expect(await peer.next()).toMatchObject({ cmd: "puback", messageId: n });
    }
  });

  it("gets back-pressure while an earlier SUBSCRIBE waits for the store", async () => {
    const store = new HeldStore();
    const hub = await createTestHub({ store });
    const { peer, clientEnd } = await hub.connectDevice();
    store.hold();
    const filter = { topic: "devices/device1/messages/devicebound/#", qos: 1 } as const;
    peer.send({ cmd: "subscribe", messageId: 9, subscriptions: [filter] });
    for (let n = 1; n <= COUNT; n++) {
      peer.send(publish({ payload: Buffer.alloc(BYTES), messageId: n }));
    }
    const unread = await stable(() => clientEnd.writableLength);
    expect(unread).toBeGreaterThan(BYTES * (COUNT / 2));
    store.release();
    expect(await peer.next()).toMatchObject({ cmd: "suback" });
    for (let n = 1; n <= COUNT; n++) expect(await peer.next()).toMatchObject({ messageId: n });
  });
});

// Rule event-partition.
describe("a device", () => {
  it("has its events in one partition, in order, over every protocol", async () => {
    const { hub, peer } = await connectTestDevice();
    await expectPuback(peer, publish({ payload: "mqtt" }));
    const path = "/devices/device1/messages/events?api-version=2021-04-12";
    expect(
      (await hub.https("POST", path, hub.deviceToken("device1"), { body: { n: 1 } })).status,
    ).toBe(204);
    const device = await hub.connectAmqpDevice();
    const sender = await device.openSender("/devices/device1/messages/events");
    await sender.send({ body: "amqp" });
    const partitions = new Set(hub.log.of("telemetry").map(({ partitionId }) => partitionId));
    expect(partitions.size).toBe(1);
    const bodies = storedTelemetry(hub.deviceToCloud).map(({ body }) => String(body));
    expect(bodies).toEqual(["mqtt", '{"n":1}', "amqp"]);
  });
});
