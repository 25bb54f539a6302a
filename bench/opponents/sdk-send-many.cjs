// Sends to the devices in turn, pipelined on one link: as fast as the SDK can.
"use strict";
const { readFileSync } = require("node:fs");
const { Client } = require("azure-iothub");
const { Message } = require("azure-iot-common");

const WINDOW = 256;
const ids = readFileSync(process.argv[2], "utf8").trim().split("\n");
const count = Number(process.argv[3]);
const client = Client.fromConnectionString(process.env.IOTHUB_CONNECTION_STRING);
let number = 0;

function send() {
  const message = new Message(JSON.stringify({ "service client sent a message": 14.5 }));
  message.messageId = `message_${number}`;
  message.correlationId = `correlation_${number}`;
  message.contentType = "application/json";
  message.contentEncoding = "utf-8";
  message.properties.add("testProperty", `PropMsg_${number}`);
  number += 1;
  return client.send(ids[number % ids.length], message);
}

async function sendInTurn() {
  while (number < count) await send();
}

async function main() {
  await client.open();
  // One first: otherwise the SDK attaches a link for each of the first ones.
  await send();
  await Promise.all(Array.from({ length: WINDOW }, sendInTurn));
  await client.close();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
