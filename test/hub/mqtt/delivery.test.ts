import { describe, expect, it } from "vitest";
import { decodeDeviceboundProperties } from "../../../src/core/property-bag.ts";
import { connectTestDevice, createTestHub, devicebound, message } from "../../support/test-hub.ts";

const TOPIC = "devices/device1/messages/devicebound/";

/** A hub and a subscribed device. */
async function subscribe(qos: 0 | 1 | 2 = 1, options: Parameters<typeof createTestHub>[0] = {}) {
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
    const { peer } = await connectTestDevice();
    expect(await peer.subscribe(devicebound(), asked)).toEqual([granted]);
  });

  // The C client sends several filters at once, in any order and with any QoS.
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
      "in the middle",
      [
        ["$iothub/twin/res/#", 0],
        [devicebound(), 1],
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
  ])(
    "with the message filter %s among others is answered once, then messages are delivered",
    async (_, filters) => {
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
    },
  );

  // Rules mqtt-subscribe, mqtt-puback.
  it.each([
    [1, 0],
    [0, 1],
    [2, 0],
  ] as const)("with QoS %d and then %d changes the QoS of later messages", async (first, then) => {
    const { hub, peer } = await subscribe(first);
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
  });

  // Rules mqtt-session, mqtt-subscribe.
  it.each([
    [1, 0],
    [0, 1],
  ] as const)("with QoS %d and then %d changes the QoS of the session", async (first, then) => {
    const { hub, peer } = await subscribe(first);
    await peer.subscribe(devicebound(), then);
    peer.send({ cmd: "disconnect" });
    await peer.closed;
    await hub.send({ messageId: "m1" });
    const again = await hub.connectDevice();
    expect(again.connack.sessionPresent).toBe(true);
    expect((await again.peer.nextPublish()).qos).toBe(then);
  });

  it("does not redeliver messages in flight when repeated", async () => {
    const { hub, peer } = await subscribe();
    await hub.send({ messageId: "m1" });
    const publish = await peer.nextPublish();
    await peer.subscribe(devicebound(), 1);
    await peer.ping();
    peer.acknowledge(publish);
    await hub.log.reached("settled");
  });

  // Rules mqtt-subscribe, c2d-order.
  it("delivers all queued messages, in order", async () => {
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
  it("has the body as payload and all properties in its topic", async () => {
    const { hub, peer } = await subscribe();
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
  it("has `to` in its topic even if the message has no property", async () => {
    const { hub, peer } = await subscribe();
    await hub.send();
    expect((await peer.nextPublish()).topic).toBe(
      `${TOPIC}%24.to=%2Fdevices%2Fdevice1%2Fmessages%2Fdevicebound`,
    );
  });

  // Rule c2d-depth.
  it("is sent for a full queue without any acknowledgement", async () => {
    const { hub, peer } = await subscribe();
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
  it("completes messages in any order", async () => {
    const { hub, peer } = await subscribe();
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

  it("with an id that is not, or no longer, in flight is ignored", async () => {
    const { hub, peer } = await subscribe();
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
  it("is ignored after the lock expired; that of the redelivery counts", async () => {
    const { hub, peer } = await subscribe();
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

  it("does not complete another device's message with the same packet id", async () => {
    const { hub, peer } = await subscribe();
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
  it("a message is completed once it is sent", async () => {
    const { hub, peer } = await subscribe(0);
    for (const messageId of ["m1", "m2"]) await hub.send({ messageId });
    expect(await peer.nextPublish()).toMatchObject({ qos: 0, dup: false });
    expect(await peer.nextPublish()).toMatchObject({ qos: 0, dup: false });
    expect(hub.cloudToDevice.countOf("device1")).toBe(0);
  });

  it("queued messages are delivered in order", async () => {
    const hub = await createTestHub();
    const ids = Array.from({ length: 50 }, (_, n) => `m${n}`);
    for (const messageId of ids) await hub.send({ messageId });
    const { peer } = await hub.connectDevice();
    await peer.subscribe(devicebound(), 0);
    for (const id of ids) expect((await peer.nextPublish()).topic).toContain(`%24.mid=${id}&`);
  });
});

it("UNSUBSCRIBE stops delivery and returns unacknowledged messages to the queue", async () => {
  const { hub, peer } = await subscribe();
  await hub.send({ messageId: "m1" });
  await peer.nextPublish();
  peer.send({ cmd: "unsubscribe", messageId: 5, unsubscriptions: [devicebound()] });
  expect(await peer.next()).toMatchObject({ cmd: "unsuback", messageId: 5 });
  await hub.send({ messageId: "m2" });
  await peer.ping();
  expect(hub.log.of("requeued")).toMatchObject([{ messageId: "m1", reason: "disconnected" }]);
});

// Rule mqtt-session.
describe("a persistent session", () => {
  it("is present after reconnecting, and delivers messages sent meanwhile without SUBSCRIBE", async () => {
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

  it("does not keep an unsubscribed filter", async () => {
    const { hub, peer } = await subscribe();
    peer.send({ cmd: "unsubscribe", messageId: 5, unsubscriptions: [devicebound()] });
    await peer.next();
    await hub.send();
    const second = await hub.connectDevice();
    await second.peer.ping();
  });

  it("is deleted by a clean connection, which gets nothing before it subscribes", async () => {
    const { hub } = await subscribe();
    await hub.send();
    const clean = await hub.connectDevice("device1", { clean: true });
    expect(clean.connack.sessionPresent).toBe(false);
    await clean.peer.ping();
    const third = await hub.connectDevice();
    expect(third.connack.sessionPresent).toBe(false);
    await third.peer.ping();
  });

  it("deleted by a clean connection leaves the queue, which is delivered after SUBSCRIBE", async () => {
    const { hub } = await subscribe();
    await hub.send({ messageId: "m1" });
    const clean = await hub.connectDevice("device1", { clean: true });
    await clean.peer.subscribe(devicebound());
    expect((await clean.peer.nextPublish()).topic).toContain("mid=m1");
  });

  it("belongs to one device", async () => {
    const { hub } = await subscribe();
    const other = await hub.connectDevice("device2");
    expect(other.connack.sessionPresent).toBe(false);
  });
});

// Rules c2d-disconnect, c2d-delivery-count, c2d-order.
describe("a disconnect", () => {
  it("returns unacknowledged messages to their places at once, with the same delivery count", async () => {
    const { hub, peer } = await subscribe();
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
  it("applies to a message that was delivered but not acknowledged", async () => {
    const { hub, peer } = await subscribe();
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

  it("happens on time without any connection", async () => {
    const hub = await createTestHub();
    await hub.send({ expiryTimeUtcMs: hub.clock.nowMs() + 5000 });
    hub.clock.advance(4999);
    expect(hub.log.of("deadLettered")).toEqual([]);
    hub.clock.advance(1);
    expect(await hub.log.reached("deadLettered")).toMatchObject({ reason: "Expired" });
    expect(hub.clock.liveTimers).toBe(0);
  });

  // Rule c2d-default-ttl.
  it("is after one hour for a message without an expiry time", async () => {
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

  it("has the maximum length is delivered", async () => {
    const { hub, peer } = await subscribe();
    await hub.cloudToDevice.send("device1", withTopicOf(topicBytes));
    expect((await peer.nextPublish()).topic).toHaveLength(topicBytes);
  });

  it.each([0, 1] as const)("is one byte longer is rejected, not sent (QoS %d)", async (qos) => {
    const { hub, peer } = await subscribe(qos);
    await hub.cloudToDevice.send("device1", withTopicOf(topicBytes + 1));
    expect(await hub.log.reached("feedback")).toMatchObject({ statusCode: "Rejected" });
    await hub.send({ messageId: "next" });
    expect((await peer.nextPublish()).topic).toContain("%24.mid=next");
  });

  it("is one byte longer stays queued until an MQTT device subscribes", async () => {
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
  it("gets more redeliveries than there are packet ids", async () => {
    const { hub, peer } = await subscribe(1, { settings: { defaultTtlMs: 1e15 } });
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
