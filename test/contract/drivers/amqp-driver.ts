import type { Message } from "azure-iot-common";
import { Amqp } from "azure-iot-device-amqp";
import type { DeviceDriver, DeviceSession, ReceivedMessage } from "../driver.ts";
import { presentFields } from "./present-fields.ts";
import { SdkDevice } from "./sdk-device.ts";

/** The official SDK over AMQP. */
export const amqpDriver: DeviceDriver = {
  name: "amqp (azure-iot-device-amqp)",
  capabilities: {
    canHold: true,
    canAbandon: true,
    canReject: true,
    hasConnection: true,
    isPolling: false,
    keepsNameCase: true,
  },
  async connect(access) {
    return createSession(await SdkDevice.connect(access, access.amqpPort, Amqp));
  },
};

/** The AMQP message behind the SDK's, with fields that the SDK omits. */
interface TransportMessage {
  readonly user_id?: Buffer;
  readonly message_annotations?: Readonly<Record<string, unknown>>;
}

function createSession(device: SdkDevice): DeviceSession {
  const originals = new Map<ReceivedMessage, Message>();
  const settle = async (
    message: ReceivedMessage,
    how: "complete" | "abandon" | "reject",
  ): Promise<void> => {
    const original = originals.get(message);
    if (original === undefined) throw new Error("This message belongs to another session.");
    await device.client[how](original);
    // rhea settles all deliveries of one tick with the first outcome.
    await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    async receive() {
      const original = await device.messages.next();
      const message = readMessage(original);
      originals.set(message, original);
      return message;
    },
    complete: (message) => settle(message, "complete"),
    abandon: (message) => settle(message, "abandon"),
    reject: (message) => settle(message, "reject"),
    async shutOut() {
      await device.ended;
    },
    drop: () => device.close(),
  };
}

function readMessage(message: Message): ReceivedMessage {
  const { user_id, message_annotations } = message.transportObj as TransportMessage;
  const properties: Record<string, string> = {};
  for (const { key, value } of message.properties.propertyList) properties[key] = value;
  const { messageId, correlationId, contentType, contentEncoding, expiryTimeUtc, ack } = message;
  return {
    ...presentFields({
      messageId,
      correlationId,
      userId: user_id?.toString(),
      contentType,
      contentEncoding,
      ack,
      expiryTimeUtcMs: expiryTimeUtc === undefined ? undefined : Number(expiryTimeUtc),
    }),
    body: Buffer.from(message.data),
    properties,
    deliveryCount: Number(message_annotations?.["iothub-deliverycount"]),
  };
}
