import { createDeferred } from "../../../src/async/deferred.ts";
import type {
  ReceivedMessage as ClientMessage,
  Delivery,
  DeliverySettlement,
  DeviceConnection,
} from "../../../src/client/connection/device-connection.ts";
import { connectDevice } from "../../../src/client/device/connect-device.ts";
import { parseDeviceConnectionString } from "../../../src/core/connection-string.ts";
import { Inbox } from "../../support/inbox.ts";
import type { DeviceAccess, DeviceDriver, DeviceSession, ReceivedMessage } from "../driver.ts";
import { presentFields } from "./present-fields.ts";

/** The project's own client, because the SDK alone supports only port 443. */
export const amqpWsDriver: DeviceDriver = {
  name: "amqp-ws (the project's own client)",
  capabilities: {
    canHold: true,
    canAbandon: true,
    canReject: true,
    hasConnection: true,
    isPolling: false,
    keepsNameCase: true,
  },
  async connect({ endpoint: { host, port, ca }, deviceId, key }: DeviceAccess) {
    const text = `HostName=${host}:${port};DeviceId=${deviceId};SharedAccessKey=${key}`;
    const deliveries = new Inbox<Delivery>();
    const ended = createDeferred<void>();
    const connection = await connectDevice({
      connectionString: parseDeviceConnectionString(text),
      transport: "amqp-ws",
      ...(ca !== undefined && { ca }),
      keepAliveSeconds: 180,
      connectTimeoutMs: 10_000,
      onDelivery: (delivery) => deliveries.push(delivery),
      onDisconnect({ message }) {
        deliveries.end(message);
        ended.resolve();
      },
    });
    return createSession(connection, deliveries, ended.promise);
  },
};

function createSession(
  connection: DeviceConnection,
  deliveries: Inbox<Delivery>,
  ended: Promise<void>,
): DeviceSession {
  const originals = new Map<ReceivedMessage, Delivery>();
  const settle = async (message: ReceivedMessage, how: DeliverySettlement): Promise<void> => {
    const original = originals.get(message);
    if (original === undefined) throw new Error("This message belongs to another session.");
    await original.settle(how);
  };
  return {
    async receive() {
      const delivery = await deliveries.next();
      const message = readMessage(delivery.message);
      originals.set(message, delivery);
      return message;
    },
    complete: (message) => settle(message, "complete"),
    abandon: (message) => settle(message, "abandon"),
    reject: (message) => settle(message, "reject"),
    shutOut: () => ended,
    drop: () => connection.close(),
  };
}

function readMessage({ system, properties, body, deliveryCount }: ClientMessage): ReceivedMessage {
  const { messageId, correlationId, userId, contentType, contentEncoding, ack } = system;
  const { expiryTimeUtcMs } = system;
  const values = Object.entries(properties).map(([name, value]) => [name, value ?? ""]);
  return {
    ...presentFields({
      messageId,
      correlationId,
      userId,
      contentType,
      contentEncoding,
      ack,
      expiryTimeUtcMs,
      deliveryCount,
    }),
    body: Buffer.from(body),
    properties: Object.fromEntries(values),
  };
}
