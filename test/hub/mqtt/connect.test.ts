import mqtt, { type IConnectPacket } from "mqtt-packet";
import { describe, expect, it } from "vitest";

import { publishPacket } from "../../support/mqtt-peer.ts";
import { createTestHub, HOST, type TestHub } from "../../support/test-hub.ts";

type Fields = Partial<IConnectPacket>;

/** The return code of CONNACK; after a refusal, the hub has closed the connection. */
async function connackOf(hub: TestHub, fields: Fields, deviceId = "device1"): Promise<number> {
  const { peer, connack } = await hub.connectDevice(deviceId, fields);
  if (connack.returnCode !== 0) await peer.closed;
  return connack.returnCode ?? -1;
}

const bytes = (text: string): Buffer => Buffer.from(text);

// Rule mqtt-user-name.
describe("CONNECT is accepted", () => {
  it.each([
    [
      "Node: ?api-version and client type",
      `${HOST}/device1/?api-version=2021-04-12&DeviceClientType=azure-iot-device%2F1.18.4%20(node)`,
    ],
    ["Node: the host carries its port", `${HOST}:18883/device1/?api-version=2021-04-12`],
    ["any api-version", `${HOST}/device1/?api-version=1999-01-01`],
    ["a model id", `${HOST}/device1/?api-version=2020-09-30&model-id=dtmi:com:example;1`],
    ["the older form without ?", `${HOST}/device1/api-version=2016-11-14`],
    ["the oldest form", `${HOST}/device1`],
    ["another name of the hub", "ALIAS.example/device1/?api-version=2021-04-12"],
  ])("with user name %s", async (_form, username) => {
    const hub = await createTestHub();
    expect(await connackOf(hub, { username })).toBe(0);
    expect(hub.log.of("deviceConnected")).toMatchObject([{ deviceId: "device1" }]);
  });

  it.each([
    "a?b",
    "?",
    "?x",
    "api-version=1",
    "a%2Fb",
    "100%",
    "x".repeat(128),
    "__proto__",
    "A:b,c",
  ])("for device id %s", async (deviceId) => {
    const hub = await createTestHub({ devices: [deviceId] });
    for (const username of [`${HOST}/${deviceId}/?api-version=2021-04-12`, `${HOST}/${deviceId}`]) {
      expect(await connackOf(hub, { username }, deviceId)).toBe(0);
    }
  });

  // Rule policy-permissions.
  it.each(["device", "iothubowner"])("with a token of policy %s for any device", async (policy) => {
    const hub = await createTestHub();
    expect(await connackOf(hub, { password: bytes(hub.policyToken(policy)) })).toBe(0);
  });
});

// Rules mqtt-connack, mqtt-user-name, sas-subject, sas-expiry, policy-permissions.
describe("CONNECT is refused with return code 5", () => {
  it.each<[string, (hub: TestHub) => Fields]>([
    ["no password", () => ({ password: undefined as unknown as Buffer })],
    ["an empty password", () => ({ password: bytes("") })],
    ["a password that is not a token", () => ({ password: bytes("secret") })],
    ["another device's token", (hub) => ({ password: bytes(hub.deviceToken("device2")) })],
    [
      "a token signed with another key",
      (hub) => ({ password: bytes(hub.deviceToken("device1").replace(/sig=[^&]*/, "sig=AAAA")) }),
    ],
    [
      "an expired token",
      (hub) => ({ password: bytes(hub.deviceToken("device1", { expiresInSeconds: 0 })) }),
    ],
    ["a token of policy service", (hub) => ({ password: bytes(hub.policyToken("service")) })],
    [
      "a policy's token for another device",
      (hub) => ({
        password: bytes(hub.policyToken("device", { resource: `${HOST}/devices/device2` })),
      }),
    ],
    [
      "no user name",
      () => ({
        username: undefined as unknown as string,
        password: undefined as unknown as Buffer,
      }),
    ],
    ["an empty user name", () => ({ username: "" })],
    ["a user name without a device", () => ({ username: HOST })],
    [
      "a user name of another device",
      () => ({ username: `${HOST}/device2/?api-version=2021-04-12` }),
    ],
    [
      "a device id in different case",
      () => ({ username: `${HOST}/Device1/?api-version=2021-04-12` }),
    ],
    [
      "a user name for another hub",
      () => ({ username: "other.example/device1/?api-version=2021-04-12" }),
    ],
    [
      "a module",
      () => ({
        clientId: "device1/module1",
        username: `${HOST}/device1/module1/?api-version=2021-04-12`,
      }),
    ],
    [
      "a device that does not exist",
      () => ({ clientId: "nobody", username: `${HOST}/nobody/?api-version=2021-04-12` }),
    ],
  ])("for %s", async (_why, fields) => {
    const hub = await createTestHub();
    expect(await connackOf(hub, fields(hub))).toBe(5);
    expect(hub.log.of("deviceConnected")).toEqual([]);
    expect(hub.log.of("connectionRefused")).toHaveLength(1);
  });

  it("without any part of the token in the log", async () => {
    const hub = await createTestHub();
    const password = hub.deviceToken("device2");
    await connackOf(hub, { password: bytes(password) });
    const signature = /sig=([^&]*)/.exec(password)?.[1] ?? "none";
    expect(JSON.stringify(hub.log.all)).not.toContain(signature);
  });
});

describe("CONNECT is answered with", () => {
  // Rule mqtt-connack-disabled.
  it("5 for a disabled device", async () => {
    const hub = await createTestHub();
    await hub.registry.update("device1", { status: "disabled" }, "*");
    expect(await connackOf(hub, {})).toBe(5);
    expect(hub.log.of("deviceConnected")).toEqual([]);
  });

  // Rule mqtt-connack.
  it("3 when the hub's store fails", async () => {
    let isBroken = false;
    const hub = await createTestHub({
      store: {
        async *load() {},
        write: () => (isBroken ? Promise.reject(new Error("disk full")) : Promise.resolve()),
        close: () => Promise.resolve(),
      },
    });
    const { peer } = await hub.connectDevice();
    await peer.subscribe("devices/device1/messages/devicebound/#");
    isBroken = true;
    // It must delete the session, and cannot.
    expect(await connackOf(hub, { clean: true })).toBe(3);
  });
});

// Rule mqtt-version.
describe("CONNECT with another protocol version is refused with return code 1", () => {
  it.each<[string, Fields]>([
    ["MQTT 3.1", { protocolId: "MQIsdp", protocolVersion: 3 }],
    ["MQTT 5", { protocolVersion: 5 }],
  ])("%s", async (_name, fields) => {
    const hub = await createTestHub();
    const { peer } = hub.mqtt();
    const packet = hub.signIn("device1", fields);
    peer.sendBytes(mqtt.generate(packet, { protocolVersion: packet.protocolVersion ?? 4 }));
    expect(await peer.next()).toMatchObject({ cmd: "connack", returnCode: 1 });
    await peer.closed;
  });
});

// Rule mqtt-violation.
describe("a connection is closed without an answer after", () => {
  it.each([
    ["PINGREQ", Buffer.from("c000", "hex")],
    [
      "SUBSCRIBE",
      mqtt.generate({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "#", qos: 0 }] }),
    ],
    ["PUBLISH", mqtt.generate(publishPacket({ topic: "a", payload: "b" }))],
    ["CONNACK", mqtt.generate({ cmd: "connack", returnCode: 0, sessionPresent: false })],
    ["a reserved packet type", Buffer.from("0000", "hex")],
    ["CONNECT with reserved flags", Buffer.from("1f00", "hex")],
    ["an empty CONNECT", Buffer.from("1000", "hex")],
    ["a truncated CONNECT", Buffer.from("10020004", "hex")],
    ["a remaining length of five bytes", Buffer.from("10ffffffffff", "hex")],
    ["an unknown protocol version", Buffer.from("100c00044d515454ff02003c0000", "hex")],
    ["a TLS ClientHello", Buffer.from("16030100a5010000a1", "hex")],
  ])("%s", async (_what, first) => {
    const hub = await createTestHub();
    const { peer } = hub.mqtt();
    peer.sendBytes(first);
    await peer.closedSilently();
    expect(hub.clock.liveTimers).toBe(0);
  });

  // Rule mqtt-connect-timeout.
  it("silence for 30 seconds", async () => {
    const hub = await createTestHub();
    const { peer } = hub.mqtt();
    hub.clock.advance(30_000);
    await peer.closedSilently();
  });
});

// Rule mqtt-connect-timeout.
it("CONNECT may arrive until 30 seconds after the connection opened", async () => {
  const hub = await createTestHub();
  const { peer } = hub.mqtt();
  hub.clock.advance(29_999);
  expect(await peer.connect(hub.signIn())).toMatchObject({ returnCode: 0 });
  hub.clock.advance(1);
  await peer.ping();
});

describe("CONNECT may arrive", () => {
  it("byte by byte", async () => {
    const hub = await createTestHub();
    const { peer } = hub.mqtt();
    for (const byte of mqtt.generate(hub.signIn())) peer.sendBytes(Buffer.of(byte));
    expect(await peer.next()).toMatchObject({ cmd: "connack", returnCode: 0 });
  });

  it("together with the next packet", async () => {
    const hub = await createTestHub();
    const { peer } = hub.mqtt();
    peer.sendBytes(Buffer.concat([mqtt.generate(hub.signIn()), mqtt.generate({ cmd: "pingreq" })]));
    expect(await peer.next()).toMatchObject({ cmd: "connack" });
    expect(await peer.next()).toMatchObject({ cmd: "pingresp" });
  });
});

// Rule mqtt-violation.
it("a connection that announces a packet of 256 MB is closed before the packet is complete", async () => {
  const hub = await createTestHub();
  const { peer, clientEnd } = hub.mqtt();
  clientEnd.write(Buffer.from("10ffffff7f", "hex"));
  let sent = 0;
  let isClosed = false;
  void peer.closed.then(() => {
    isClosed = true;
  });
  const megabyte = Buffer.alloc(1024 * 1024);
  while (!isClosed && sent < 16) {
    await new Promise<void>((resolve) => clientEnd.write(megabyte, () => resolve()));
    sent++;
  }
  expect(sent).toBeLessThan(16);
});
