/**
 * The least that a hub in Node does for a message: rhea reads it, mqtt-packet writes it, and the
 * device's acknowledgement is read. It has no queue, no lock, no state and no sign-in, and accepts
 * what it has not delivered. Prints its port once it is ready.
 *
 * node bare-relay.mjs <certificate> <key>
 */

import { readFileSync } from "node:fs";
import { createServer } from "node:tls";
import mqtt from "mqtt-packet";
import rhea from "rhea";

const AMQP = 0x41;
const CREDIT = 1000;

const [cert, key] = process.argv.slice(2).map((path) => readFileSync(path));

/** By their ids. */
const devices = new Map();

const server = createServer({ cert, key, noDelay: true }, (socket) => {
  socket.on("error", () => {});
  socket.once("data", (first) => {
    socket.unshift(first);
    if (first[0] === AMQP) acceptService(socket);
    else acceptDevice(socket);
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));

function acceptService(socket) {
  const container = rhea.create_container();
  container.sasl_server_mechanisms.enable_plain(() => true);
  const connection = container.create_connection({
    receiver_options: { autoaccept: false, credit_window: 0 },
  });
  connection.on("receiver_open", ({ receiver }) => receiver.add_credit(CREDIT));
  connection.on("message", ({ message, delivery, receiver }) => {
    const { 2: deviceId } = message.to.split("/");
    devices.get(deviceId)?.(message);
    delivery.accept();
    receiver.add_credit(1);
  });
  for (const event of ["disconnected", "error", "connection_error"]) connection.on(event, () => {});
  connection.accept(socket);
}

function acceptDevice(socket) {
  const parser = mqtt.parser({ protocolVersion: 4 });
  let waiting = [];
  const send = (packet) => {
    if (waiting.length === 0) setImmediate(flush);
    waiting.push(mqtt.generate(packet));
  };
  const flush = () => {
    socket.write(Buffer.concat(waiting));
    waiting = [];
  };
  let messageId = 0;
  const answers = {
    connect({ clientId }) {
      devices.set(clientId, (message) => {
        messageId = (messageId % 65_535) + 1;
        const bag = `%24.mid=${encodeURIComponent(message.message_id)}`;
        const topic = `devices/${clientId}/messages/devicebound/${bag}`;
        send({ cmd: "publish", topic, payload: message.body.content, qos: 1, messageId });
      });
      send({ cmd: "connack", returnCode: 0, sessionPresent: false });
    },
    subscribe: (packet) => send({ cmd: "suback", messageId: packet.messageId, granted: [1] }),
  };
  parser.on("packet", (packet) => answers[packet.cmd]?.(packet));
  socket.on("data", (chunk) => parser.parse(chunk));
}
