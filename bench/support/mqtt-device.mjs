/** A device on MQTT, packet by packet. */

import { connect } from "node:tls";
import mqtt from "mqtt-packet";
import { ownerToken } from "./tokens.mjs";

/**
 * Connects and subscribes; `onPublish` is called for each message. `ready` resolves to whether the
 * hub had kept the session; `ended` resolves when the connection has closed.
 */
export function connectMqttDevice(address, deviceId, onPublish) {
  const socket = connect({
    host: "127.0.0.1",
    port: address.port,
    servername: "localhost",
    ca: address.ca,
  });
  socket.setNoDelay();
  const send = (packet) => socket.write(mqtt.generate(packet));
  const parser = mqtt.parser({ protocolVersion: 4 });
  let isPresent;
  const ready = new Promise((resolve) => {
    parser.on("packet", (packet) => {
      if (packet.cmd === "publish") onPublish(packet);
      if (packet.cmd === "suback") resolve(isPresent);
      if (packet.cmd !== "connack") return;
      isPresent = packet.sessionPresent;
      if (isPresent) resolve(isPresent);
      else send(subscribe(deviceId));
    });
  });
  socket.on("data", (chunk) => parser.parse(chunk));
  socket.on("error", () => {});
  const ended = new Promise((resolve) => socket.once("close", resolve));
  socket.once("secureConnect", () => send(signIn(address, deviceId)));
  return {
    ready,
    ended,
    acknowledge: ({ messageId }) => send({ cmd: "puback", messageId }),
    close: () => socket.destroy(),
  };
}

function signIn(address, deviceId) {
  return {
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: 4,
    clean: false,
    keepalive: 180,
    clientId: deviceId,
    username: `localhost/${deviceId}/?api-version=2021-04-12`,
    password: Buffer.from(ownerToken(address)),
  };
}

function subscribe(deviceId) {
  const topic = `devices/${deviceId}/messages/devicebound/#`;
  return { cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos: 1 }] };
}

/** The id of a message, from the bag in its topic. */
export function messageIdOf({ topic }) {
  return decodeURIComponent(/%24\.mid=([^&]*)/.exec(topic)?.[1] ?? "");
}
