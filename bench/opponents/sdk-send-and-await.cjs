// Sends one message after the other, waiting for each, as in the tutorial.
"use strict";
const { readFileSync } = require("node:fs");
const { Client } = require("azure-iothub");
const { Message } = require("azure-iot-common");

const ids = readFileSync(process.argv[2], "utf8").trim().split("\n");
const count = Number(process.argv[3]);
const client = Client.fromConnectionString(process.env.IOTHUB_CONNECTION_STRING);

async function main() {
  await client.open();
  for (let number = 0; number < count; number++) {
    const message = new Message(JSON.stringify({ "service client sent a message": 14.5 }));
    message.messageId = `message_${number}`;
    message.properties.add("testProperty", `PropMsg_${number}`);
    await client.send(ids[number % ids.length], message);
  }
  await client.close();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
