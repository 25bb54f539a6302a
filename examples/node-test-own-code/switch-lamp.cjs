/** A service: switches a lamp. Nothing here depends on the local hub. */
"use strict";
const { Message } = require("azure-iot-common");
const { Client } = require("azure-iothub");

async function switchLamp(connectionString, deviceId, isOn) {
  const client = Client.fromConnectionString(connectionString);
  try {
    const message = new Message(JSON.stringify({ isOn }));
    message.messageId = isOn ? "switch-on" : "switch-off";
    await client.send(deviceId, message);
  } finally {
    await client.close();
  }
}

module.exports = { switchLamp };
