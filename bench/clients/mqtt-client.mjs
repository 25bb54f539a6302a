/** A client of an MQTT broker, packet by packet: as little work as possible beside the broker's. */

import { connect } from "node:tls";
import mqtt from "mqtt-packet";

const LAST_PACKET_ID = 65_535;

/**
 * Signs in, and subscribes if there is a topic; `ready` resolves to whether the broker had kept the
 * session, and `ended` when the connection has closed.
 *
 * @param {{ port: number, ca: string }} address
 * @param {{ clientId: string, clean: boolean, username?: string, password?: Buffer, topic?: string }} session
 * @param {{ onPublish?: (packet: object) => void, onAnswer?: () => void }} handlers
 */
export function connectMqtt(address, { topic, ...session }, { onPublish, onAnswer }) {
  const { port, ca } = address;
  const socket = connect({ host: "127.0.0.1", port, servername: "localhost", ca });
  socket.setNoDelay();
  const send = (packet) => socket.write(mqtt.generate(packet));
  const parser = mqtt.parser({ protocolVersion: 4 });
  let isPresent;
  let packetId = 0;
  const ready = new Promise((resolve) => {
    const handlers = {
      publish: onPublish,
      puback: onAnswer,
      suback: () => resolve(isPresent),
      connack: ({ sessionPresent }) => {
        isPresent = sessionPresent;
        if (isPresent || topic === undefined) resolve(isPresent);
        else send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos: 1 }] });
      },
    };
    parser.on("packet", (packet) => handlers[packet.cmd]?.(packet));
  });
  socket.on("data", (chunk) => parser.parse(chunk));
  socket.on("error", () => {});
  const ended = new Promise((resolve) => socket.once("close", resolve));
  socket.once("secureConnect", () =>
    send({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      // Nobody pings.
      keepalive: 1000,
      ...session,
    }),
  );
  return {
    ready,
    ended,
    publish(topic, payload) {
      packetId = (packetId % LAST_PACKET_ID) + 1;
      send({ cmd: "publish", topic, payload, qos: 1, messageId: packetId });
    },
    acknowledge: ({ messageId }) => send({ cmd: "puback", messageId }),
    close: () => socket.end(),
  };
}
