import { once } from "node:events";
import { readFileSync } from "node:fs";
import mqtt from "mqtt-packet";
import { expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { startHubForTest } from "../../support/local-hub.ts";
import { connectPacket } from "../../support/mqtt-peer.ts";

/** MQTT with an invalid token, and the AMQP header: each is answered at once. */
const FIRST_WORDS: readonly [string, Buffer, string][] = [
  [
    "mqtt",
    mqtt.generate(
      connectPacket({ username: "localhost/device1", password: Buffer.from("no token") }),
    ),
    "20020005",
  ],
  ["AMQPWSB10", Buffer.from("AMQP\u0000\u0001\u0000\u0000", "latin1"), "414d515000010000"],
];

async function openSocket(subprotocol: string): Promise<WebSocket> {
  const hub = await startHubForTest({ devices: ["device1"] });
  const url = `wss://localhost:${hub.ports[0]}/$iothub/websocket`;
  const socket = new WebSocket(url, subprotocol, { ca: readFileSync(hub.caFile) });
  onTestFinished(() => socket.terminate());
  await once(socket, "open");
  return socket;
}

// Rule web-socket.
it.each(FIRST_WORDS)("%s may be split into frames at any byte", async (name, bytes, answer) => {
  const socket = await openSocket(name);
  const answered = once(socket, "message");
  for (const byte of bytes) socket.send(Buffer.of(byte));
  const [data, isBinary] = (await answered) as [Buffer, boolean];
  expect(data.toString("hex").startsWith(answer)).toBe(true);
  expect(isBinary).toBe(true);
});
