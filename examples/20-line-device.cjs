// A device in 20 lines of Azure's own SDK: prints and completes the messages it receives.
// Run it with the variables of `c2d-hub env`, or with those of a device in Azure.
"use strict";
const { Client } = require("azure-iot-device");
const { Mqtt } = require("azure-iot-device-mqtt");

const client = Client.fromConnectionString(process.env.IOTHUB_DEVICE_CONNECTION_STRING, Mqtt);
client.on("message", async (message) => {
  const properties = message.properties.propertyList.map(({ key, value }) => `${key}=${value}`);
  console.log(`received ${message.messageId}: ${message.getData()} (${properties.join(", ")})`);
  await client.complete(message);
  if (message.getData().toString() === "goodbye") await client.close();
});
client.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
client.open().then(() => console.log("listening"));
