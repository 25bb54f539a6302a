import type { Message } from "azure-iot-common";
import { Mqtt } from "azure-iot-device-mqtt";
import { cannot, type DeviceDriver, type DeviceSession, type ReceivedMessage } from "../driver.ts";
import { presentFields } from "./present-fields.ts";
import { SdkDevice } from "./sdk-device.ts";

/** The official SDK over MQTT, which completes messages on arrival. */
export const mqttSdkDriver: DeviceDriver = {
  name: "mqtt (azure-iot-device-mqtt)",
  capabilities: {
    canHold: false,
    canAbandon: false,
    canReject: false,
    hasConnection: true,
    isPolling: false,
    keepsNameCase: true,
  },
  async connect(access) {
    return createSession(await SdkDevice.connect(access, access.mqttPort, Mqtt));
  },
};

function createSession(device: SdkDevice): DeviceSession {
  return {
    receive: async () => readMessage(await device.messages.next()),
    complete: () => Promise.resolve(),
    abandon: cannot("abandon"),
    reject: cannot("reject"),
    async shutOut() {
      await device.ended;
    },
    drop: () => device.close(),
  };
}

function readMessage(message: Message): ReceivedMessage {
  const properties: Record<string, string> = {};
  for (const { key, value } of message.properties.propertyList) properties[key] = value;
  // Over MQTT the SDK keeps the ack in the application properties.
  const { "iothub-ack": ack, ...rest } = properties;
  const { messageId, correlationId, userId, contentType, contentEncoding, expiryTimeUtc } = message;
  return {
    ...presentFields({
      messageId,
      correlationId,
      userId,
      contentType,
      contentEncoding,
      ack,
      expiryTimeUtcMs: expiryTimeUtc === undefined ? undefined : Date.parse(String(expiryTimeUtc)),
    }),
    body: Buffer.from(message.data),
    properties: rest,
  };
}
