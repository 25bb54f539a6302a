import { describe, expect, it } from "vitest";
import { decodeDeviceboundProperties } from "../../../src/core/property-bag.ts";
import { createTestHub, devicebound, message } from "../../support/test-hub.ts";

const TOPIC = "devices/device1/messages/devicebound/";

async function subscribed(qos: 0 | 1 | 2 = 1, options: Parameters<typeof createTestHub>[0] = {}) {
  const hub = await createTestHub(options);
  const { peer } = await hub.connectDevice();
  await peer.subscribe(devicebound(), qos);
  return { hub, peer };
}

// Rule mqtt-subscribe.
describe("SUBSCRIBE", () => {
  it.each([
    [0, 0],
    [1, 1],
    [2, 1],
  ] as const)("with QoS %d is granted %d", async (asked, granted) => {
    const hub = await createTestHub();
    const { peer } = await hub.connectDevice();
    expect(await peer.subscribe(devicebound(), asked)).toEqual([granted]);
  });

  it("may hold the SDK's other filters beside it, all granted in order", async () => {
    const hub = await createTestHub();
    const { peer } = await hub.connectDevice();
    peer.send({
      cmd: "subscribe",
      messageId: 9,
      subscriptions: [
        { topic: "$iothub/twin/res/#", qos: 0 },
        { topic: devicebound(), qos: 1 },
        { topic: "$iothub/methods/POST/#", qos: 0 },
      ],
    });
    expect(await peer.next()).toMatchObject({ cmd: "suback", messageId: 9, granted: [0, 1, 0] });
  });

  // As the C client does it, whatever the order and the QoS of each.
  it.each<[string, (readonly [string, 0 | 1 | 2])[]]>([
    [
      "first",
      [
        [devicebound(), 1],
        ["$iothub/twin/res/#", 0],
        ["$iothub/twin/PATCH/properties/desired/#", 2],
        ["$iothub/methods/POST/#", 0],
      ],
    ],
    [
      "last",
      [
        ["$iothub/methods/POST/#", 1],
        ["$iothub/twin/PATCH/properties/desired/#", 0],
        ["$iothub/twin/res/#", 1],
        [devicebound(), 0],
      ],
    ],
    [
      "twice",
      [
        [devicebound(), 1],
        ["$iothub/twin/res/#", 2],
        [devicebound(), 0],
      ],
    ],
  ])("of several filters, its own %s, is answered once, then messages come", async (_, filters) => {
    const hub = await createTestHub();
    await hub.send({ messageId: "m1" });
    const { peer } = await hub.connectDevice();
    const subscriptions = filters.map(([topic, qos]) => ({ topic, qos }));
    peer.send({ cmd: "subscribe", messageId: 9, subscriptions });
    const granted = filters.map(([, qos]) => Math.min(qos, 1));
    expect(await peer.next()).toMatchObject({ cmd: "suback", messageId: 9, granted });
    const own = filters.findLast(([topic]) => topic === devicebound());
    expect(await peer.nextPublish()).toMatchObject({ qos: own?.[1] });
    await peer.ping();
  });

  // Rules mqtt-subscribe, mqtt-puback.
  it.each([
    [1, 0],
    [0, 1],
    [2, 0],
  ] as const)(
    "again, with QoS %d first and %d then, changes what comes from then on",
    async (first, then) => {
      const { hub, peer } = await subscribed(first);
      await hub.send({ messageId: "m1" });
      const before = await peer.nextPublish();
      expect(before.qos).toBe(Math.min(first, 1));
      if (before.qos === 1) peer.acknowledge(before);
      expect(await peer.subscribe(devicebound(), then)).toEqual([then]);
      await hub.send({ messageId: "m2" });
      const after = await peer.nextPublish();
      expect(after.qos).toBe(then);
      await peer.ping();
      expect(hub.cloudToDevice.countOf("device1")).toBe(then);
    },
  );

  // Rules mqtt-session, mqtt-subscribe.
  it.each([
    [1, 0],
    [0, 1],
  ] as const)(
    "again, with QoS %d first and %d then, is what a kept session knows",
    async (first, then) => {
      const { hub, peer } = await subscribed(first);
      await peer.subscribe(devicebound(), then);
      peer.send({ cmd: "disconnect" });
      await peer.closed;
      await hub.send({ messageId: "m1" });
      const again = await hub.connectDevice();
      expect(again.connack.sessionPresent).toBe(true);
      expect((await again.peer.nextPublish()).qos).toBe(then);
    },
  );

  it("again does not bring once more what is in flight", async () => {
    const { hub, peer } = await subscribed();
    await hub.send({ messageId: "m1" });
    const publish = await peer.nextPublish();
    await peer.subscribe(devicebound(), 1);
    await peer.ping();
    peer.acknowledge(publish);
    await hub.log.reached("settled");
  });

  // Rules mqtt-subscribe, c2d-order.
  it("brings every message that waits, in the order they were sent", async () => {
    const hub = await createTestHub();
    for (const messageId of ["m1", "m2", "m3"]) await hub.send({ messageId });
    const { peer } = await hub.connectDevice();
    await peer.ping();
    await peer.subscribe(devicebound());
    for (const id of ["m1", "m2", "m3"]) {
      expect((await peer.nextPublish()).topic).toContain(`%24.mid=${id}`);
    }
  });
});

describe("PUBLISH to the device", () => {
  // Rule mqtt-properties.
  it("carries the body and every property in the topic", async () => {
    const { hub, peer } = await subscribed();
    const system = {
      messageId: "m1",
      correlationId: "c1",
      userId: "u1",
      contentType: "application/json",
      contentEncoding: "utf-8",
      expiryTimeUtcMs: hub.clock.nowMs() + 60_000,
      ack: "full",
    } as const;
    const properties = { "k é/": "=&%+#$", empty: "" };
    await hub.cloudToDevice.send("device1", message({ ...system, body: "ü\0", properties }));
    const publish = await peer.nextPublish();
    expect(publish.payload).toEqual(Buffer.from("ü\0"));
    expect(publish.topic.startsWith(TOPIC)).toBe(true);
    expect(decodeDeviceboundProperties(publish.topic.slice(TOPIC.length))).toEqual({
      system: { ...system, to: "/devices/device1/messages/devicebound" },
      properties,
      malformed: [],
    });
  });

  // Rule c2d-to.
  it("names the device in to even when the message has no property", async () => {
    const { hub, peer } = await subscribed();
    await hub.send();
    expect((await peer.nextPublish()).topic).toBe(
      `${TOPIC}%24.to=%2Fdevices%2Fdevice1%2Fmessages%2Fdevicebound`,
    );
  });

  // Rule c2d-depth.
  it("comes for as many messages as a queue holds, with nothing acknowledged", async () => {
    const { hub, peer } = await subscribed();
    const ids = new Set<number | undefined>();
    for (let n = 0; n < 50; n++) {
      await hub.send();
      ids.add((await peer.nextPublish()).messageId);
    }
    expect(ids.size).toBe(50);
    await expect(hub.send()).rejects.toMatchObject({ name: "DeviceMaximumQueueDepthExceeded" });
  });
});

// Rule mqtt-puback.
describe("PUBACK", () => {
  it("completes the message, in any order", async () => {
    const { hub, peer } = await subscribed();
    for (const messageId of ["m1", "m2"]) await hub.send({ messageId });
    const [first, second] = [await peer.nextPublish(), await peer.nextPublish()];
    peer.acknowledge(second);
    peer.acknowledge(first);
    await peer.ping();
    expect(hub.log.of("settled")).toMatchObject([
      { messageId: "m2", outcome: "completed" },
      { messageId: "m1", outcome: "completed" },
    ]);
    expect(hub.cloudToDevice.countOf("device1")).toBe(0);
  });

  it("with an id that is not in flight, or no longer, is ignored", async () => {
    const { hub, peer } = await subscribed();
    await hub.send();
    const publish = await peer.nextPublish();
    for (const messageId of [0, 999, 65_535]) peer.acknowledge({ messageId });
    await peer.ping();
    expect(hub.log.of("settled")).toEqual([]);
    peer.acknowledge(publish);
    peer.acknowledge(publish);
    await peer.ping();
    expect(hub.log.of("settled")).toHaveLength(1);
  });

  // Rules c2d-lock-lost, c2d-redelivered.
  it("after the lock expired changes nothing; the one for the redelivery does", async () => {
    const { hub, peer } = await subscribed();
    await hub.send();
    const first = await peer.nextPublish();
    hub.clock.advance(60_000);
    const again = await peer.nextPublish();
    expect(again).toMatchObject({ dup: true });
    expect(again.messageId).not.toBe(first.messageId);
    peer.acknowledge(first);
    await peer.ping();
    expect(hub.cloudToDevice.countOf("device1")).toBe(1);
    peer.acknowledge(again);
    await peer.ping();
    expect(hub.cloudToDevice.countOf("device1")).toBe(0);
  });

  it("never is for another device's message with the same packet id", async () => {
    const { hub, peer } = await subscribed();
    const other = await hub.connectDevice("device2");
    await other.peer.subscribe(devicebound("device2"));
    await hub.send();
    const publish = await peer.nextPublish();
    other.peer.acknowledge(publish);
    await other.peer.ping();
    expect(hub.cloudToDevice.countOf("device1")).toBe(1);
  });
});

describe("with QoS 0", () => {
  // Rule mqtt-puback.
  it("a message is complete once it is written", async () => {
    const { hub, peer } = await subscribed(0);
    for (const messageId of ["m1", "m2"]) await hub.send({ messageId });
    expect(await peer.nextPublish()).toMatchObject({ qos: 0, dup: false });
    expect(await peer.nextPublish()).toMatchObject({ qos: 0, dup: false });
    expect(hub.cloudToDevice.countOf("device1")).toBe(0);
  });

  it("the messages that waited come in their order", async () => {
    const hub = await createTestHub();
    const ids = Array.from({ length: 50 }, (_, n) => `m${n}`);
    for (const messageId of ids) await hub.send({ messageId });
    const { peer } = await hub.connectDevice();
    await peer.subscribe(devicebound(), 0);
    for (const id of ids) expect((await peer.nextPublish()).topic).toContain(`%24.mid=${id}&`);
  });
});

describe("UNSUBSCRIBE", () => {
  it("ends delivery and gives back what is unacknowledged", async () => {
    const { hub, peer } = await subscribed();
    await hub.send({ messageId: "m1" });
    await peer.nextPublish();
    peer.send({ cmd: "unsubscribe", messageId: 5, unsubscriptions: [devicebound()] });
    expect(await peer.next()).toMatchObject({ cmd: "unsuback", messageId: 5 });
    await hub.send({ messageId: "m2" });
    await peer.ping();
    expect(hub.log.of("requeued")).toMatchObject([{ messageId: "m1", reason: "disconnected" }]);
  });
});

// Rule mqtt-session.
describe("a persistent session", () => {
  it("is present on reconnecting and brings messages without SUBSCRIBE, sent while away", async () => {
    const hub = await createTestHub();
    const first = await hub.connectDevice();
    expect(first.connack.sessionPresent).toBe(false);
    await first.peer.subscribe(devicebound());
    first.peer.destroy();
    await hub.log.reached("deviceDisconnected");
    await hub.send({ messageId: "m1" });
    const second = await hub.connectDevice();
    expect(second.connack.sessionPresent).toBe(true);
    expect((await second.peer.nextPublish()).topic).toContain("mid=m1");
  });

  it("keeps the granted QoS", async () => {
    const hub = await createTestHub();
    const first = await hub.connectDevice();
    await first.peer.subscribe(devicebound(), 0);
    const second = await hub.connectDevice();
    await hub.send();
    expect(await second.peer.nextPublish()).toMatchObject({ qos: 0 });
  });

  it("forgets what was unsubscribed", async () => {
    const { hub, peer } = await subscribed();
    peer.send({ cmd: "unsubscribe", messageId: 5, unsubscriptions: [devicebound()] });
    await peer.next();
    await hub.send();
    const second = await hub.connectDevice();
    await second.peer.ping();
  });

  it("ends with a clean connection, which gets nothing before it subscribes", async () => {
    const { hub } = await subscribed();
    await hub.send();
    const clean = await hub.connectDevice("device1", { clean: true });
    expect(clean.connack.sessionPresent).toBe(false);
    await clean.peer.ping();
    const third = await hub.connectDevice();
    expect(third.connack.sessionPresent).toBe(false);
    await third.peer.ping();
  });

  it("that a clean connection ended leaves the queue: it comes once subscribed", async () => {
    const { hub } = await subscribed();
    await hub.send({ messageId: "m1" });
    const clean = await hub.connectDevice("device1", { clean: true });
    await clean.peer.subscribe(devicebound());
    expect((await clean.peer.nextPublish()).topic).toContain("mid=m1");
  });

  it("is one device's own", async () => {
    const { hub } = await subscribed();
    const other = await hub.connectDevice("device2");
    expect(other.connack.sessionPresent).toBe(false);
  });
});

// Rules c2d-disconnect, c2d-delivery-count, c2d-order.
describe("a disconnect in the middle", () => {
  it("gives back what is unacknowledged at once, uncounted, in its old place", async () => {
    const { hub, peer } = await subscribed();
    for (const messageId of ["m1", "m2", "m3"]) await hub.send({ messageId });
    const publishes = [
      await peer.nextPublish(),
      await peer.nextPublish(),
      await peer.nextPublish(),
    ];
    peer.acknowledge(publishes[1] ?? {});
    await peer.ping();
    peer.destroy();
    await hub.log.reached("deviceDisconnected");
    const second = await hub.connectDevice();
    const again = [await second.peer.nextPublish(), await second.peer.nextPublish()];
    expect(again.map(({ topic }) => /mid=(m\d)/.exec(topic)?.[1])).toEqual(["m1", "m3"]);
    expect(hub.log.of("delivered").map(({ deliveryCount }) => deliveryCount)).toEqual(
      Array.from({ length: 5 }, () => 0),
    );
  });
});

// Rule c2d-expiry.
describe("expiry", () => {
  it("takes a message away from a device that has not acknowledged it", async () => {
    const { hub, peer } = await subscribed();
    await hub.send({ messageId: "m1", expiryTimeUtcMs: hub.clock.nowMs() + 5000, ack: "full" });
    const publish = await peer.nextPublish();
    hub.clock.advance(5000);
    peer.acknowledge(publish);
    await peer.ping();
    expect(hub.log.of("settled")).toEqual([]);
    expect(hub.log.of("feedback")).toMatchObject([
      { originalMessageId: "m1", statusCode: "Expired" },
    ]);
  });

  it("happens on time with nobody connected", async () => {
    const hub = await createTestHub();
    await hub.send({ expiryTimeUtcMs: hub.clock.nowMs() + 5000 });
    hub.clock.advance(4999);
    expect(hub.log.of("deadLettered")).toEqual([]);
    hub.clock.advance(1);
    expect(await hub.log.reached("deadLettered")).toMatchObject({ reason: "Expired" });
    expect(hub.clock.liveTimers).toBe(0);
  });

  // Rule c2d-default-ttl.
  it("comes after one hour for a message that names no time", async () => {
    const hub = await createTestHub();
    await hub.send({ messageId: "m1", ack: "full" });
    hub.clock.advance(3_599_999);
    expect(hub.cloudToDevice.countOf("device1")).toBe(1);
    hub.clock.advance(1);
    expect(await hub.log.reached("feedback")).toMatchObject({ statusCode: "Expired" });
    expect(hub.cloudToDevice.countOf("device1")).toBe(0);
  });
});

// Rule mqtt-topic-size.
describe("a message whose topic", () => {
  const topicBytes = 65_535;
  const withTopicOf = (bytes: number) => {
    const others = "%24.to=%2Fdevices%2Fdevice1%2Fmessages%2Fdevicebound&iothub-ack=full&k=";
    const properties = { k: "x".repeat(bytes - TOPIC.length - others.length) };
    return message({ ack: "full", properties });
  };

  it("is as long as MQTT allows is delivered", async () => {
    const { hub, peer } = await subscribed();
    await hub.cloudToDevice.send("device1", withTopicOf(topicBytes));
    expect((await peer.nextPublish()).topic).toHaveLength(topicBytes);
  });

  it.each([0, 1] as const)("is one byte longer is rejected, not sent (QoS %d)", async (qos) => {
    const { hub, peer } = await subscribed(qos);
    await hub.cloudToDevice.send("device1", withTopicOf(topicBytes + 1));
    expect(await hub.log.reached("feedback")).toMatchObject({ statusCode: "Rejected" });
    await hub.send({ messageId: "next" });
    expect((await peer.nextPublish()).topic).toContain("%24.mid=next");
  });

  it("is one byte longer waits for as long as no MQTT device would receive it", async () => {
    const hub = await createTestHub();
    await hub.cloudToDevice.send("device1", withTopicOf(topicBytes + 1));
    const { peer } = await hub.connectDevice();
    await peer.ping();
    expect(hub.cloudToDevice.countOf("device1")).toBe(1);
    await peer.subscribe(devicebound());
    expect(await hub.log.reached("feedback")).toMatchObject({ statusCode: "Rejected" });
  });
});

describe("a device that never acknowledges", () => {
  it("is still sent its messages after more repetitions than there are packet ids", async () => {
    const { hub, peer } = await subscribed(1, { settings: { defaultTtlMs: 1e15 } });
    const token = hub.deviceToken("device1", { expiresInSeconds: 1e9 });
    peer.destroy();
    await hub.log.reached("deviceDisconnected");
    const { peer: second } = await hub.connectDevice("device1", {
      password: Buffer.from(token),
      keepalive: 0,
    });
    for (let n = 0; n < 50; n++) await hub.send();
    for (let delivered = 0; delivered < 66_000; delivered += 50) {
      for (let n = 0; n < 50; n++) await second.nextPublish();
      await second.ping();
      hub.clock.advance(60_000);
    }
    expect(hub.log.of("delivered").length).toBeGreaterThan(65_999);
  });
});
