import { decodeDeviceboundProperties } from "../../core/property-bag.ts";
import { parseDeviceboundTopic } from "../../core/resource-path.ts";
import type {
  Delivery,
  DeliverySettlement,
  ReceivedMessage,
} from "../connection/device-connection.ts";
import { ClientError } from "../errors/client-error.ts";
import type { IncomingPublish } from "../sdk/device/intercept-publishes.ts";

export function toDelivery(publish: IncomingPublish, deviceId: string): Delivery | undefined {
  const bag = parseDeviceboundTopic(publish.topic, deviceId);
  if (bag === undefined) return undefined;
  const message: ReceivedMessage = {
    body: publish.payload,
    isRedelivered: publish.isDuplicate,
    ...decodeDeviceboundProperties(bag),
  };
  return { message, settle: settler(publish) };
}

function settler(publish: IncomingPublish): Delivery["settle"] {
  let isSettled = false;
  return async (settlement: DeliverySettlement) => {
    if (isSettled || settlement === "none") return;
    if (settlement !== "complete") throw noSuchSettlement(settlement);
    if (!publish.acknowledge()) {
      throw new ClientError(
        "ConnectionLost",
        "The connection closed before the message was acknowledged; it will be redelivered.",
      );
    }
    isSettled = true;
  };
}

function noSuchSettlement(settlement: DeliverySettlement): ClientError {
  return new ClientError(
    "ArgumentInvalid",
    `MQTT cannot ${settlement} messages, only acknowledge them.`,
    { hint: "Use --transport amqp or http." },
  );
}
