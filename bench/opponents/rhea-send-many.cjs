// Sends to the devices in turn with nothing but an AMQP library, as fast as the link has credit.
"use strict";
const { readFileSync } = require("node:fs");
const rhea = require("rhea");
const { HUB_PORT, HUB_TOKEN, IOTHUB_CA_FILE } = process.env;

const ids = readFileSync(process.argv[2], "utf8").trim().split("\n");
const count = Number(process.argv[3]);
const connection = rhea.connect({
  host: "localhost",
  port: Number(HUB_PORT),
  transport: "tls",
  servername: "localhost",
  ca: readFileSync(IOTHUB_CA_FILE),
  username: "iothubowner@sas.root.localhost",
  password: HUB_TOKEN,
  reconnect: false,
});
const sender = connection.open_sender("/messages/devicebound");
let sent = 0;
let accepted = 0;
sender.on("sendable", () => {
  while (sent < count && sender.sendable()) send(sent++);
});
sender.on("accepted", () => {
  accepted += 1;
  if (accepted === count) connection.close();
});
sender.on("rejected", ({ delivery }) => {
  throw new Error(delivery.remote_state.error.description);
});

function send(number) {
  sender.send({
    to: `/devices/${ids[number % ids.length]}/messages/devicebound`,
    message_id: `message_${number}`,
    correlation_id: `correlation_${number}`,
    content_type: "application/json",
    content_encoding: "utf-8",
    application_properties: { testProperty: `PropMsg_${number}` },
    body: rhea.message.data_section(
      Buffer.from(JSON.stringify({ "service client sent a message": 14.5 })),
    ),
  });
}
