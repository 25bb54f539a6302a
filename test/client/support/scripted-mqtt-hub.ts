/** A scripted MQTT hub over TLS, for misbehaviour of hubs. */

import type { AddressInfo } from "node:net";
import tls from "node:tls";
import mqttPacket, { type Packet } from "mqtt-packet";
import { selfSigned } from "./self-signed.ts";

export interface MqttPeer {
  readonly socket: tls.TLSSocket;
  /** Every packet the client sent, in order. */
  readonly received: readonly Packet[];
  send(packet: Packet): void;
  /** Resolves with the first packet, received or still to come, for which `is` returns true. */
  next(is: (packet: Packet) => boolean): Promise<Packet>;
}

export interface ScriptedMqttHub {
  readonly hostName: string;
  readonly ca: string;
  readonly peers: readonly MqttPeer[];
  stop(): Promise<void>;
}

/** @param onPacket What the hub does; called for each packet of each connection. */
export async function startScriptedMqttHub(
  onPacket: (packet: Packet, peer: MqttPeer) => void,
): Promise<ScriptedMqttHub> {
  const { cert, key } = await selfSigned();
  const peers: MqttPeer[] = [];
  const server = tls.createServer({ cert, key }, (socket) => {
    peers.push(createPeer(socket, onPacket));
  });
  // Some tests use clients that do not trust the hub.
  server.on("tlsClientError", () => {});
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    hostName: `localhost:${(server.address() as AddressInfo).port}`,
    ca: cert,
    peers,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function createPeer(
  socket: tls.TLSSocket,
  onPacket: (packet: Packet, peer: MqttPeer) => void,
): MqttPeer {
  const received: Packet[] = [];
  const waiting = new Set<(packet: Packet) => void>();
  const peer: MqttPeer = {
    socket,
    received,
    send: (packet) => socket.write(mqttPacket.generate(packet)),
    next: (is) =>
      new Promise((resolve) => {
        const found = received.find(is);
        if (found) return resolve(found);
        const check = (packet: Packet): void => {
          if (!is(packet)) return;
          waiting.delete(check);
          resolve(packet);
        };
        waiting.add(check);
      }),
  };
  const parser = mqttPacket.parser();
  parser.on("packet", (packet: Packet) => {
    received.push(packet);
    for (const check of waiting) check(packet);
    onPacket(packet, peer);
  });
  socket.on("data", (chunk) => parser.parse(chunk));
  socket.on("error", () => {});
  return peer;
}

/** The answers of a well-behaved hub. */
export function behave(packet: Packet, peer: MqttPeer): void {
  if (packet.cmd === "connect") peer.send({ cmd: "connack", returnCode: 0, sessionPresent: false });
  if (packet.cmd === "subscribe") {
    peer.send({ cmd: "suback", messageId: packet.messageId ?? 0, granted: [1] });
  }
  if (packet.cmd === "pingreq") peer.send({ cmd: "pingresp" });
}
