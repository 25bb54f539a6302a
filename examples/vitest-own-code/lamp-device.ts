/** A device: a lamp, switched by cloud-to-device messages. Nothing here depends on the local hub. */

import { Client, type Message } from "azure-iot-device";
import { Mqtt } from "azure-iot-device-mqtt";

export class LampDevice {
  isOn = false;
  readonly #client: Client;

  constructor(connectionString: string) {
    this.#client = Client.fromConnectionString(connectionString, Mqtt);
    this.#client.on("message", (message: Message) => void this.#onMessage(message));
  }

  async connect(): Promise<void> {
    await this.#client.open();
  }

  async disconnect(): Promise<void> {
    await this.#client.close();
  }

  async #onMessage(message: Message): Promise<void> {
    const command: unknown = JSON.parse(message.getData().toString());
    if (isCommand(command)) this.isOn = command.isOn;
    await this.#client.complete(message);
  }
}

function isCommand(value: unknown): value is { readonly isOn: boolean } {
  return typeof value === "object" && value !== null && "isOn" in value;
}
