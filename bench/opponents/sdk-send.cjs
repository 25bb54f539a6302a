// Sends one message, as in the SDK's documentation.
"use strict";
const { Client } = require("azure-iothub");
const { Message } = require("azure-iot-common");

const client = Client.fromConnectionString(process.env.IOTHUB_CONNECTION_STRING);
const message = new Message(JSON.stringify({ "service client sent a message": 14.5 }));
message.messageId = "message_0";
message.properties.add("testProperty", "PropMsg_0");
client
  .open()
  .then(() => client.send(process.argv[2], message))
  .then(() => client.close())
  .catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
