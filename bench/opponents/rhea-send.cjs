// Sends one message with nothing but an AMQP library: TLS, SASL, send, close.
"use strict";
const { readFileSync } = require("node:fs");
const rhea = require("rhea");
const { HUB_PORT, HUB_TOKEN, IOTHUB_CA_FILE } = process.env;

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
sender.once("sendable", () =>
  sender.send({
    to: `/devices/${process.argv[2]}/messages/devicebound`,
    message_id: "message_0",
    application_properties: { testProperty: "PropMsg_0" },
    body: rhea.message.data_section(
      Buffer.from(JSON.stringify({ "service client sent a message": 14.5 })),
    ),
  }),
);
sender.once("accepted", () => connection.close());
