/** The official device client, to send events with. */

import common from "azure-iot-common";
import device from "azure-iot-device";
import deviceAmqp from "azure-iot-device-amqp";
import { onTestFinished } from "vitest";

export interface TelemetryDevice {
  /** Resolves once the hub has accepted them all, in this order. */
  send(...bodies: readonly (string | Uint8Array)[]): Promise<void>;
  /** One event with properties. */
  sendMessage(message: common.Message): Promise<void>;
}

/** Disconnected when the test ends. */
export async function openTelemetryDevice(
  connectionString: string,
  ca: string,
): Promise<TelemetryDevice> {
  const client = device.Client.fromConnectionString(connectionString, deviceAmqp.Amqp);
  client.setRetryPolicy(new common.NoRetry());
  client.on("error", () => {});
  await client.setOptions({ ca });
  await client.open();
  onTestFinished(async () => {
    await client.close().catch(() => {});
  });
  const sendMessage = async (message: common.Message): Promise<void> => {
    await client.sendEvent(message);
  };
  return {
    sendMessage,
    async send(...bodies) {
      for (const body of bodies) {
        await sendMessage(new common.Message(typeof body === "string" ? body : Buffer.from(body)));
      }
    },
  };
}
