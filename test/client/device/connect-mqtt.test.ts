import net, { type AddressInfo } from "node:net";
import type { Packet } from "mqtt-packet";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { createDeferred } from "../../../src/async/deferred.ts";
import type {
  Delivery,
  DeviceConnection,
  DeviceConnectOptions,
} from "../../../src/client/connection/device-connection.ts";
import { connectDevice } from "../../../src/client/device/connect-device.ts";
import type { ClientError } from "../../../src/client/errors/client-error.ts";
import { parseDeviceConnectionString } from "../../../src/core/connection-string.ts";
import { freePort } from "../../support/local-hub.ts";
import {
  behave,
  type MqttPeer,
  type ScriptedMqttHub,
  startScriptedMqttHub,
} from "../support/scripted-mqtt-hub.ts";
import { timersLeftBy } from "../support/timers.ts";

async function scripted(
  onPacket: (packet: Packet, peer: MqttPeer) => void,
): Promise<ScriptedMqttHub> {
  const hub = await startScriptedMqttHub(onPacket);
  onTestFinished(() => hub.stop());
  return hub;
}

interface Device {
  readonly connection: DeviceConnection;
  readonly deliveries: Delivery[];
  readonly disconnects: ClientError[];
  readonly disconnected: Promise<ClientError>;
  delivered(count: number): Promise<void>;
}

async function connect(
  hub: Pick<ScriptedMqttHub, "hostName"> & { readonly ca?: string },
  options: Partial<DeviceConnectOptions> = {},
): Promise<Device> {
  const deliveries: Delivery[] = [];
  const disconnects: ClientError[] = [];
  const disconnected = createDeferred<ClientError>();
  const waiting: { count: number; resolve: () => void }[] = [];
  const connection = await connectDevice({
    connectionString: parseDeviceConnectionString(
      `HostName=${hub.hostName};DeviceId=device1;SharedAccessKey=c2VjcmV0`,
    ),
    transport: "mqtt",
    ...(hub.ca !== undefined && { ca: hub.ca }),
    keepAliveSeconds: 180,
    connectTimeoutMs: 5000,
    onDelivery(delivery) {
      deliveries.push(delivery);
      for (const { count, resolve } of waiting) if (deliveries.length >= count) resolve();
    },
    onDisconnect(error) {
      disconnects.push(error);
      disconnected.resolve(error);
    },
    ...options,
  });
  onTestFinished(() => connection.close());
  return {
    connection,
    deliveries,
    disconnects,
    disconnected: disconnected.promise,
    delivered: (count) =>
      new Promise((resolve) => {
        if (deliveries.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
  };
}

function publish(messageId: number, bag: string, payload = "body", dup = false): Packet {
  const topic = `devices/device1/messages/devicebound/${bag}`;
  return { cmd: "publish", topic, payload, qos: 1, dup, retain: false, messageId };
}

const isPuback = (packet: Packet): boolean => packet.cmd === "puback";
const pubackIds = (peer: MqttPeer | undefined): unknown[] =>
  (peer?.received ?? []).filter(isPuback).map(({ messageId }) => messageId);

describe("a message", () => {
  it("is acknowledged only when settled, in the order of settlement", async () => {
    const hub = await scripted(behave);
    const device = await connect(hub);
    const [peer] = hub.peers;
    peer?.send(publish(1, ""));
    peer?.send(publish(2, ""));
    await device.delivered(2);
    expect(pubackIds(peer)).toEqual([]);
    await device.deliveries[1]?.settle("complete");
    await device.deliveries[0]?.settle("complete");
    await device.deliveries[0]?.settle("complete");
    await peer?.next((packet) => isPuback(packet) && packet.messageId === 1);
    await device.connection.close();
    await peer?.next((packet) => packet.cmd === "disconnect");
    expect(pubackIds(peer)).toEqual([2, 1]);
  });

  it("is parsed from the raw topic, including what the SDK garbles", async () => {
    const hub = await scripted(behave);
    const device = await connect(hub);
    const bag =
      "%24.mid=m1&%24.cid=a%3Db&%24.uid=u&%24.exp=2030-01-01T00%3A00%3A00.000Z&%24.ct=text%2Fplain&iothub-ack=full&formula=a=b=c&lonely&empty=&slash=%2F&bad=%zz";
    hub.peers[0]?.send(publish(7, bag, "\u0000ÿ", true));
    await device.delivered(1);
    expect(device.deliveries[0]?.message).toEqual({
      system: {
        messageId: "m1",
        correlationId: "a=b",
        userId: "u",
        expiryTimeUtcMs: Date.UTC(2030, 0, 1),
        contentType: "text/plain",
        ack: "full",
      },
      properties: { formula: "a=b=c", lonely: null, empty: "", slash: "/", bad: "%zz" },
      malformed: ["%zz"],
      body: Buffer.from("\u0000ÿ"),
      isRedelivered: true,
    });
  });

  it("that arrives before the SUBACK is delivered", async () => {
    const hub = await scripted((packet, peer) => {
      behave(packet, peer);
      if (packet.cmd === "connect") peer.send(publish(9, "%24.mid=early"));
    });
    const device = await connect(hub);
    expect(device.deliveries.map(({ message }) => message.system.messageId)).toEqual(["early"]);
    await device.deliveries[0]?.settle("complete");
    await hub.peers[0]?.next(isPuback);
  });

  it("cannot be abandoned or rejected, and stays unacknowledged", async () => {
    const hub = await scripted(behave);
    const device = await connect(hub);
    hub.peers[0]?.send(publish(1, ""));
    await device.delivered(1);
    for (const settlement of ["abandon", "reject"] as const) {
      await expect(device.deliveries[0]?.settle(settlement)).rejects.toMatchObject({
        name: "ArgumentInvalid",
        message: expect.stringContaining(settlement),
      });
    }
    await device.connection.close();
    expect(pubackIds(hub.peers[0])).toEqual([]);
  });

  it("settled after the connection ends is not acknowledged", async () => {
    const hub = await scripted(behave);
    const device = await connect(hub);
    hub.peers[0]?.send(publish(1, ""));
    await device.delivered(1);
    hub.peers[0]?.socket.destroy();
    await device.disconnected;
    await expect(device.deliveries[0]?.settle("complete")).rejects.toMatchObject({
      name: "ConnectionLost",
    });
  });
});

describe("an open connection", () => {
  it("survives a reader that is blocked for more than two keep-alives", async () => {
    const hub = await scripted(behave);
    const device = await connect(hub, { keepAliveSeconds: 1 });
    const [peer] = hub.peers;
    for (let id = 1; id <= 50; id++) peer?.send(publish(id, ""));
    await device.delivered(50);
    await threePings(peer);
    expect(device.disconnects).toEqual([]);
    await device.deliveries[0]?.settle("complete");
    await peer?.next(isPuback);
  });

  it("reports its end once", async () => {
    const hub = await scripted(behave);
    const device = await connect(hub);
    hub.peers[0]?.socket.end();
    expect(await device.disconnected).toMatchObject({ name: "ConnectionLost" });
    await device.connection.close();
    await device.connection.close();
    expect(device.disconnects).toHaveLength(1);
  });

  it("detects a hub that stops responding by the missing PINGRESP", async () => {
    const hub = await scripted((packet, peer) => {
      if (packet.cmd !== "pingreq") behave(packet, peer);
    });
    const device = await connect(hub, { keepAliveSeconds: 1 });
    expect(await device.disconnected).toMatchObject({ name: "ConnectionLost" });
  });

  it("closes without reporting a disconnect, and leaves no socket or timer", async () => {
    const hub = await scripted(behave);
    await expectNothingLeft(hub, async () => {
      const device = await connect(hub);
      await device.connection.close();
      expect(device.disconnects).toEqual([]);
    });
  });

  it("closes even if the hub does not close its side", async () => {
    const hub = await scripted(behave);
    const device = await connect(hub);
    hub.peers[0]?.socket.pause();
    await device.connection.close();
  });
});

describe("a token renewal", () => {
  const RENEWAL_MS = 45 * 60_000;

  afterEach(() => {
    vi.useRealTimers();
  });

  it("keeps delivering, but messages in flight can no longer be settled", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const hub = await scripted(behave);
    const device = await connect(hub);
    hub.peers[0]?.send(publish(1, ""));
    await device.delivered(1);
    vi.advanceTimersByTime(RENEWAL_MS);
    await hub.peers[0]?.next((packet) => packet.cmd === "disconnect");
    const peer = await secondPeer(hub);
    await peer.next((packet) => packet.cmd === "connect");
    await expect(device.deliveries[0]?.settle("complete")).rejects.toMatchObject({
      name: "ConnectionLost",
    });
    peer.send(publish(1, "", "again", true));
    await device.delivered(2);
    await device.deliveries[1]?.settle("complete");
    await peer.next(isPuback);
    expect(device.disconnects).toEqual([]);
  });

  it("refused by the hub ends the connection with IotHubUnauthorized, reported once", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let connects = 0;
    const hub = await scripted((packet, peer) => {
      if (packet.cmd === "connect") connects += 1;
      if (connects < 2) return behave(packet, peer);
      peer.send({ cmd: "connack", returnCode: 5, sessionPresent: false });
      peer.socket.end();
    });
    const device = await connect(hub);
    vi.advanceTimersByTime(RENEWAL_MS);
    expect(await device.disconnected).toMatchObject({ name: "IotHubUnauthorized" });
    await device.connection.close();
    expect(device.disconnects).toHaveLength(1);
  });
});

describe("connecting fails", () => {
  it("at once when aborted, and leaves nothing open", async () => {
    const hub = await scripted(() => {});
    const controller = new AbortController();
    await expectNothingLeft(hub, async () => {
      const connecting = expect(
        connect(hub, { connectTimeoutMs: 60_000, signal: controller.signal }),
      ).rejects.toMatchObject({ name: "ConnectionLost" });
      const peer = await firstPeer(hub);
      await peer.next((packet) => packet.cmd === "connect");
      controller.abort();
      await connecting;
    });
  });

  it.each([
    [5, "IotHubUnauthorized"],
    [4, "IotHubUnauthorized"],
    [3, "ServiceUnavailable"],
  ])("on return code %i with %s", async (returnCode, name) => {
    const hub = await scripted((packet, peer) => {
      if (packet.cmd !== "connect") return;
      peer.send({ cmd: "connack", returnCode, sessionPresent: false });
      peer.socket.end();
    });
    await expectNothingLeft(hub, () =>
      expect(connect(hub)).rejects.toMatchObject({ name, hint: expect.any(String) }),
    );
  });

  it("with ConnectionRefused when nothing listens", async () => {
    const hostName = `localhost:${await freePort()}`;
    await expect(connect({ hostName })).rejects.toMatchObject({ name: "ConnectionRefused" });
  });

  it("with HostNotFound when the name is unknown", async () => {
    await expect(connect({ hostName: "nowhere.invalid" })).rejects.toMatchObject({
      name: "HostNotFound",
    });
  });

  it("with UntrustedCertificate and a hint when the certificate is not trusted", async () => {
    const hub = await scripted(behave);
    await expect(connect({ hostName: hub.hostName })).rejects.toMatchObject({
      name: "UntrustedCertificate",
      hint: expect.stringContaining("--ca"),
    });
  });

  it("with TlsFailure when the port does not use TLS", async () => {
    const server = net.createServer((socket) => {
      socket.on("error", () => {}).resume();
      socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const hostName = `localhost:${(server.address() as AddressInfo).port}`;
    await expect(connect({ hostName })).rejects.toMatchObject({ name: "TlsFailure" });
  });

  it("with ConnectTimeout, in time, when the hub does not respond", async () => {
    const hub = await scripted(() => {});
    await expectNothingLeft(hub, () =>
      expect(connect(hub, { connectTimeoutMs: 300 })).rejects.toMatchObject({
        name: "ConnectTimeout",
        message: expect.stringContaining("300 ms"),
      }),
    );
  });

  it("with ConnectTimeout when the subscription is not answered", async () => {
    const hub = await scripted((packet, peer) => {
      if (packet.cmd === "connect") behave(packet, peer);
    });
    await expectNothingLeft(hub, () =>
      expect(connect(hub, { connectTimeoutMs: 300 })).rejects.toMatchObject({
        name: "ConnectTimeout",
      }),
    );
  });

  it("with IotHubUnauthorized when the subscription is refused", async () => {
    const hub = await scripted((packet, peer) => {
      if (packet.cmd !== "subscribe") return behave(packet, peer);
      peer.send({ cmd: "suback", messageId: packet.messageId ?? 0, granted: [128] });
    });
    await expect(connect(hub)).rejects.toMatchObject({ name: "IotHubUnauthorized" });
  });

  it("with ConnectionLost when the hub hangs up during the subscription", async () => {
    const hub = await scripted((packet, peer) => {
      if (packet.cmd === "subscribe") peer.socket.end();
      else behave(packet, peer);
    });
    await expectNothingLeft(hub, () =>
      expect(connect(hub)).rejects.toMatchObject({ name: "ConnectionLost" }),
    );
  });

  it("without showing the key", async () => {
    const hub = await scripted((packet, peer) => {
      if (packet.cmd === "connect")
        peer.send({ cmd: "connack", returnCode: 5, sessionPresent: false });
    });
    const error = await connect(hub).catch((reason: unknown) => reason);
    expect(JSON.stringify(describeError(error))).not.toMatch(/c2VjcmV0|sig=/);
  });
});

async function expectNothingLeft(hub: ScriptedMqttHub, run: () => Promise<unknown>): Promise<void> {
  expect(await timersLeftBy(run)).toEqual([]);
  for (const peer of hub.peers) await socketClosed(peer);
}

const firstPeer = (hub: ScriptedMqttHub): Promise<MqttPeer> => peerAt(hub, 0);
const secondPeer = (hub: ScriptedMqttHub): Promise<MqttPeer> => peerAt(hub, 1);

async function peerAt(hub: ScriptedMqttHub, index: number): Promise<MqttPeer> {
  for (;;) {
    const peer = hub.peers[index];
    if (peer) return peer;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function socketClosed(peer: MqttPeer | undefined): Promise<void> {
  if (peer === undefined || peer.socket.closed) return;
  peer.socket.resume();
  await new Promise((resolve) => peer.socket.once("close", resolve));
}

async function threePings(peer: MqttPeer | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const isPing = ({ cmd }: Packet): boolean => cmd === "pingreq";
    const count = (): number => (peer?.received ?? []).filter(isPing).length;
    peer?.socket.on("data", () => {
      if (count() >= 3) resolve();
    });
  });
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return {
    ...error,
    message: error.message,
    stack: error.stack,
    cause: describeError(error.cause),
  };
}
