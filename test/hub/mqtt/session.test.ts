import type { Packet } from "mqtt-packet";
import { describe, expect, it } from "vitest";
import type { Store } from "../../../src/hub/store/store.ts";
import { publishPacket } from "../../support/mqtt-peer.ts";
import { connectTestDevice, createTestHub, devicebound } from "../../support/test-hub.ts";

describe("a second CONNECT", () => {
  // Rule mqtt-violation.
  it("on the same connection closes it", async () => {
    const { hub, peer } = await connectTestDevice();
    peer.send(hub.signIn());
    await peer.closedSilently();
  });

  // Rule one-connection.
  it("on another connection succeeds and closes the first", async () => {
    const hub = await createTestHub();
    const first = await hub.connectDevice();
    const second = await hub.connectDevice();
    expect(second.connack.returnCode).toBe(0);
    await first.peer.closed;
    await second.peer.ping();
    expect(hub.log.all.map(({ type }) => type)).toEqual([
      "deviceConnected",
      "deviceDisconnected",
      "deviceConnected",
    ]);
  });

  it("that is refused does not affect the first", async () => {
    const hub = await createTestHub();
    const first = await hub.connectDevice();
    const { connack } = await hub.connectDevice("device1", { password: Buffer.from("bad") });
    expect(connack.returnCode).toBe(5);
    await first.peer.ping();
  });

  // Rules c2d-redelivered, c2d-disconnect.
  it("gets the unacknowledged messages of the first, marked as duplicates", async () => {
    const hub = await createTestHub();
    const first = await hub.connectDevice();
    await first.peer.subscribe(devicebound());
    await hub.send({ messageId: "m1" });
    expect(await first.peer.nextPublish()).toMatchObject({ dup: false, qos: 1, retain: false });
    const second = await hub.connectDevice();
    const again = await second.peer.nextPublish();
    expect(again).toMatchObject({ dup: true, qos: 1 });
    expect(again.topic).toContain("mid=m1");
  });
});

// Rule mqtt-violation.
describe("an unsupported packet closes the connection", () => {
  const own = "devices/device1/messages/";
  const subscribePacket = (...topics: string[]): Packet => {
    const subscriptions = topics.map((topic) => ({ topic, qos: 1 }) as const);
    return { cmd: "subscribe", messageId: 1, subscriptions };
  };
  it.each<[string, Packet]>([
    ["PUBLISH with QoS 2", publishPacket({ topic: `${own}events/`, qos: 2, messageId: 1 })],
    ["PUBLISH to another device", publishPacket({ topic: "devices/device2/messages/events/" })],
    ["PUBLISH to its own devicebound topic", publishPacket({ topic: `${own}devicebound/` })],
    ["PUBLISH to an unknown topic", publishPacket({ topic: "hello" })],
    ["SUBSCRIBE to another device", subscribePacket(devicebound("device2"))],
    ["SUBSCRIBE to everything", subscribePacket("#")],
    ["SUBSCRIBE to any device", subscribePacket(devicebound("+"))],
    [
      "SUBSCRIBE to its own and another device",
      subscribePacket(devicebound(), devicebound("device2")),
    ],
    ["PUBREC", { cmd: "pubrec", messageId: 1 }],
    ["PUBREL", { cmd: "pubrel", messageId: 1 }],
    ["PUBCOMP", { cmd: "pubcomp", messageId: 1 }],
    ["SUBACK", { cmd: "suback", messageId: 1, granted: [0] }],
    ["PINGRESP", { cmd: "pingresp" }],
    ["CONNACK", { cmd: "connack", returnCode: 0, sessionPresent: false }],
  ])("%s", async (_what, packet) => {
    const { hub, peer } = await connectTestDevice();
    peer.send(packet);
    await peer.closedSilently();
    await hub.send({}, "device2");
    expect(hub.cloudToDevice.countOf("device2")).toBe(1);
    hub.services.activity.flush();
    expect(hub.clock.liveTimers).toBe(1);
  });

  it.each([
    ["a reserved packet type", "f000"],
    ["an empty SUBSCRIBE", "82020001"],
    ["SUBSCRIBE with wrong flags", "80020001"],
    ["SUBSCRIBE with QoS 3", "8206000100016103"],
    ["PUBLISH with QoS 3", "3605000161ffff"],
    ["PUBLISH with a topic longer than the packet", "3003ffff61"],
    ["PUBLISH to a wildcard", "3003000123"],
    ["a remaining length that does not end", "c0ffffffffff"],
  ])("malformed: %s", async (_what, hex) => {
    const { peer } = await connectTestDevice();
    peer.sendBytes(Buffer.from(hex, "hex"));
    await peer.closedSilently();
  });
});

// Rule mqtt-keep-alive.
describe("keep-alive", () => {
  it.each([
    ["one and a half times the client's interval", 60, 90_000],
    ["29.45 minutes for a client without an interval", 0, 1_767_000],
    ["29.45 minutes at most", 65_535, 1_767_000],
  ])("allows silence for %s", async (_rule, keepalive, allowedMs) => {
    const hub = await createTestHub();
    const { peer } = await hub.connectDevice("device1", {
      keepalive,
      password: Buffer.from(hub.deviceToken("device1", { expiresInSeconds: 90_000 })),
    });
    hub.clock.advance(allowedMs - 1);
    await peer.ping();
    hub.clock.advance(allowedMs - 1);
    await peer.ping();
    hub.clock.advance(allowedMs);
    await peer.closed;
    expect(hub.log.of("deviceDisconnected")[0]?.reason).toMatch(/silent/);
  });

  it("closes the connection of a client that no longer reads", async () => {
    const hub = await createTestHub();
    const { peer, hubEnd } = await hub.connectDevice();
    await peer.subscribe(devicebound());
    peer.stall();
    for (let n = 0; n < 5; n++) await hub.send({ body: "x".repeat(60_000) });
    hub.clock.advance(270_000);
    // The hub may wait a while for the last bytes to be read, but not forever.
    hub.clock.advance(600_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(hubEnd.destroyed).toBe(true);
  });
});

// Rule sas-expiry.
describe("an expired token", () => {
  it("closes its connection, even an active one", async () => {
    const hub = await createTestHub();
    const token = hub.deviceToken("device1", { expiresInSeconds: 100 });
    const { peer } = await hub.connectDevice("device1", { password: Buffer.from(token) });
    hub.clock.advance(99_999);
    await peer.ping();
    hub.clock.advance(1);
    await peer.closed;
    expect(hub.log.of("deviceDisconnected")[0]?.reason).toMatch(/expired/);
  });
});

describe("a closed connection leaves no timer", () => {
  it.each(["DISCONNECT", "the end of the stream"])("after %s", async (how) => {
    const { hub, peer } = await connectTestDevice();
    if (how === "DISCONNECT") {
      peer.send({ cmd: "disconnect" });
      await peer.closed;
    } else {
      peer.destroy();
    }
    await hub.log.reached("deviceDisconnected");
    hub.services.activity.flush();
    expect(hub.clock.liveTimers).toBe(0);
  });

  it("if it closed while CONNECT waited for the store", async () => {
    const writes: (() => void)[] = [];
    let isSlow = false;
    const store: Store = {
      async *load() {},
      write: () => (isSlow ? new Promise((resolve) => writes.push(resolve)) : Promise.resolve()),
      close: () => Promise.resolve(),
    };
    const hub = await createTestHub({ store });
    const first = await hub.connectDevice();
    await first.peer.subscribe(devicebound());
    first.peer.destroy();
    await hub.log.reached("deviceDisconnected");
    isSlow = true;
    const { peer } = hub.mqtt();
    peer.send(hub.signIn("device1", { clean: true }));
    await hub.log.reached("deviceConnected", 2);
    peer.destroy();
    await expect.poll(() => hub.services.connections.count).toBe(0);
    for (const done of writes) done();
    await new Promise((resolve) => setImmediate(resolve));
    hub.services.activity.flush();
    expect(hub.clock.liveTimers).toBe(0);
  });
});
