import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import tls from "node:tls";
import mqtt from "mqtt-packet";
import { describe, expect, it, onTestFinished } from "vitest";
import { createWebSocketStream, WebSocket } from "ws";
import { ManualClock } from "../../../src/async/clock.ts";
import {
  parseDeviceConnectionString,
  parseHubConnectionString,
} from "../../../src/core/connection-string.ts";
import { formatSasToken } from "../../../src/core/sas-token.ts";
import type { LocalHub } from "../../../src/hub/local-hub.ts";
import { AmqpPeer } from "../../support/amqp-peer.ts";
import { EventLog } from "../../support/event-log.ts";
import { startHubForTest } from "../../support/local-hub.ts";
import { connectPacket, MqttPeer } from "../../support/mqtt-peer.ts";
import { devicebound } from "../../support/test-hub.ts";

const PATH = "/$iothub/websocket";
/** The paths of clients: the Node SDKs repeat the port, some encode the dollar sign. */
const PATHS = [
  PATH,
  "/:443/$iothub/websocket",
  `${PATH}?iothub-no-client-cert=true`,
  "/%24iothub/websocket",
  "/$iothub/WebSocket",
  "/$servicebus/websocket",
  // uamqp's path ends with a slash.
  "/$servicebus/websocket/",
  "/$iothub/websocket/?iothub-no-client-cert=true",
];

const clock = new ManualClock();
const expirySeconds = Math.floor(clock.nowMs() / 1000) + 3600;

function startHub(): Promise<LocalHub> {
  return startHubForTest({ devices: ["device1"], clock });
}

function openSocket(hub: LocalHub, path: string, subprotocols: string[]): WebSocket {
  const url = `wss://localhost:${hub.ports[0]}${path}`;
  const socket = new WebSocket(url, subprotocols, {
    ca: readFileSync(hub.caFile),
    lookup: (_host, _options, found) => found(null, [{ address: "127.0.0.1", family: 4 }]),
  });
  onTestFinished(() => socket.terminate());
  socket.on("error", () => {});
  return socket;
}

async function connectMqtt(hub: LocalHub, socket: WebSocket) {
  const { credential } = parseDeviceConnectionString(hub.deviceConnectionString("device1"));
  if (credential.type !== "key") throw new Error("no key");
  const token = formatSasToken({
    resource: "localhost/devices/device1",
    key: credential.sharedAccessKey.reveal(),
    expirySeconds,
  });
  const peer = new MqttPeer(createWebSocketStream(socket));
  const username = "localhost/device1/?api-version=2021-04-12";
  const { returnCode } = await peer.connect({ username, password: Buffer.from(token) });
  return { peer, returnCode };
}

async function connectAmqp(hub: LocalHub, socket: WebSocket): Promise<AmqpPeer> {
  await once(socket, "open");
  const { sharedAccessKey, sharedAccessKeyName } = parseHubConnectionString(hub.connectionString);
  const token = formatSasToken({
    resource: "localhost",
    key: sharedAccessKey.reveal(),
    expirySeconds,
    policyName: sharedAccessKeyName,
  });
  const peer = await new AmqpPeer(createWebSocketStream(socket)).opened();
  await (await peer.openCbs()).putToken("localhost", token);
  return peer;
}

/** The response to a refused upgrade. */
async function refusalOf(socket: WebSocket) {
  const opened = once(socket, "open").then(() => {
    throw new Error("The hub accepted it.");
  });
  const refused = once(socket, "unexpected-response") as Promise<[unknown, IncomingMessage]>;
  const [, response] = await Promise.race([refused, opened]);
  opened.catch(() => {});
  return { status: response.statusCode, reason: await text(response) };
}

// Rule web-socket.
describe("through a WebSocket", () => {
  it.each(PATHS)("MQTT is served at %s", async (path) => {
    const hub = await startHub();
    const socket = openSocket(hub, path, ["mqtt"]);
    expect((await connectMqtt(hub, socket)).returnCode).toBe(0);
    expect(socket.protocol).toBe("mqtt");
  });

  it.each(PATHS)("AMQP is served at %s", async (path) => {
    const hub = await startHub();
    const socket = openSocket(hub, path, ["AMQPWSB10"]);
    await (await connectAmqp(hub, socket)).openSender("/messages/devicebound");
    expect(socket.protocol).toBe("AMQPWSB10");
  });

  // MQTT without a token, and the AMQP header: each is answered at once.
  it.each([
    ["mqtt", mqtt.generate(connectPacket({ username: "localhost/device1" })), "20020005"],
    ["AMQPWSB10", Buffer.from("AMQP\u0000\u0001\u0000\u0000", "latin1"), "414d515000010000"],
  ])("%s may be split into frames at any byte", async (subprotocol, bytes, answer) => {
    const socket = openSocket(await startHub(), PATH, [subprotocol]);
    await once(socket, "open");
    const answered = once(socket, "message");
    for (const byte of bytes) socket.send(Buffer.of(byte));
    const [data, isBinary] = (await answered) as [Buffer, boolean];
    expect(data.toString("hex").startsWith(answer)).toBe(true);
    expect(isBinary).toBe(true);
  });

  it("a message sent over AMQP reaches its device over MQTT", async () => {
    const hub = await startHub();
    const { peer } = await connectMqtt(hub, openSocket(hub, PATH, ["mqtt"]));
    await peer.subscribe(devicebound());
    const service = await connectAmqp(hub, openSocket(hub, PATH, ["AMQPWSB10"]));
    const sender = await service.openSender("/messages/devicebound");
    const to = "/devices/device1/messages/devicebound";
    const body = "x".repeat(60_000);
    expect(await sender.send({ to, body })).toEqual({ type: "accepted" });
    expect((await peer.nextPublish()).payload.toString()).toBe(body);
  });

  it("the known one of several subprotocols is chosen", async () => {
    const hub = await startHub();
    const socket = openSocket(hub, PATH, ["mqttv3.1", "mqtt"]);
    await once(socket, "open");
    expect(socket.protocol).toBe("mqtt");
  });

  it.each([
    ["MQTT", (hub: LocalHub, socket: WebSocket) => connectMqtt(hub, socket)],
    ["Mqtt", (hub: LocalHub, socket: WebSocket) => connectMqtt(hub, socket)],
    ["amqpwsb10", (hub: LocalHub, socket: WebSocket) => connectAmqp(hub, socket)],
  ])("subprotocol %s is accepted and returned in the same case (C)", async (subprotocol, use) => {
    const hub = await startHub();
    const socket = openSocket(hub, PATH, [subprotocol]);
    await use(hub, socket);
    expect(socket.protocol).toBe(subprotocol);
  });

  it.each<[string, number, string, string[], RegExp]>([
    ["another path", 404, "/devices/websocket", ["mqtt"], /path '\/devices\/websocket'/],
    ["a longer path", 404, `${PATH}/more`, ["mqtt"], /path/],
    ["the path only in the query", 404, `/?${PATH}`, ["mqtt"], /path '\/'/],
    ["another subprotocol", 400, PATH, ["stomp"], /stomp.*mqtt.*AMQPWSB10/],
    ["no subprotocol", 400, PATH, [], /mqtt.*AMQPWSB10/],
  ])("%s is refused with %i, which is reported to the client and in the log", async (...row) => {
    const [_what, status, path, subprotocols, reason] = row;
    const hub = await startHub();
    const log = new EventLog(hub);
    const refusal = await refusalOf(openSocket(hub, path, subprotocols));
    expect(refusal).toEqual({ status, reason: expect.stringMatching(reason) });
    expect(log.of("connectionRefused")).toMatchObject([
      { protocol: "https", reason: expect.stringMatching(reason) },
    ]);
  });

  it("an upgrade without a key is refused, which is reported to the client and in the log", async () => {
    const hub = await startHub();
    const log = new EventLog(hub);
    const socket = tls.connect({
      host: "127.0.0.1",
      port: hub.ports[0] ?? 0,
      ca: readFileSync(hub.caFile),
      servername: "localhost",
    });
    socket.write(
      `GET ${PATH} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n.*Sec-WebSocket-Key/s);
    expect(log.of("connectionRefused")).toMatchObject([
      { protocol: "https", reason: expect.stringContaining("Sec-WebSocket-Key") },
    ]);
  });
});
