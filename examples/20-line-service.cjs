// A service in 20 lines of Azure's own SDK: sends two messages and prints their feedback.
// Run it with the variables of `c2d-hub env`, or with those of a hub in Azure.
"use strict";
const { Client } = require("azure-iothub");
const { Message } = require("azure-iot-common");

const client = Client.fromConnectionString(process.env.IOTHUB_CONNECTION_STRING);
const pending = new Set();
client.getFeedbackReceiver((error, receiver) => {
  if (error) throw error;
  receiver.on("message", async ({ data }) => {
    for (const { originalMessageId, statusCode } of JSON.parse(data)) {
      if (pending.delete(originalMessageId)) console.log(`${originalMessageId}: ${statusCode}`);
    }
    if (pending.size === 0) await client.close();
  });
  for (const text of ["hello", "goodbye"]) {
    const message = Object.assign(new Message(text), { messageId: `${text}-1`, ack: "full" });
    message.properties.add("language", "en");
    pending.add(message.messageId);
    client.send(process.env.IOTHUB_DEVICE_ID, message).then(() => console.log(`sent ${text}`));
  }
});
