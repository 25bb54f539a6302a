/** A device: a lamp, switched by cloud-to-device messages. Nothing here depends on the local hub. */
"use strict";
const { Client } = require("azure-iot-device");
const { Mqtt } = require("azure-iot-device-mqtt");

class LampDevice {
  isOn = false;
  #client;

  constructor(connectionString) {
    this.#client = Client.fromConnectionString(connectionString, Mqtt);
    this.#client.on("message", async (message) => {
      const command = JSON.parse(message.getData().toString());
      if ("isOn" in command) this.isOn = command.isOn;
      await this.#client.complete(message);
    });
  }

  async connect() {
    await this.#client.open();
  }

  async disconnect() {
    await this.#client.close();
  }
}

module.exports = { LampDevice };
