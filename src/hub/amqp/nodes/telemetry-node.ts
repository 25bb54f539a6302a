/** `/devices/{id}/messages/events`: a device sends its telemetry (rule d2c-amqp). */

import type { EventContext, Receiver } from "rhea";
import { formatAuthMethod } from "../../../core/access.ts";
import { MAX_DEVICE_TO_CLOUD_BYTES } from "../../../core/limits.ts";
import { toTelemetry } from "../event-messages.ts";
import { limitMessages } from "../rhea/attach-fields.ts";
import { closeReceiver } from "../rhea/close-receiver.ts";
import { ReceiverCredit } from "../rhea/receiver-credit.ts";
import type { GuardedLink, NodeContext } from "./node-context.ts";

/** The payload of an empty transfer, which rhea omits. */
const NO_BYTES = Buffer.alloc(0);

export function openTelemetryNode(
  receiver: Receiver,
  deviceId: string,
  context: NodeContext,
): GuardedLink {
  const { claims, deviceLinks, deviceToCloud, settler, toError } = context;
  const authMethod = formatAuthMethod(claims.authorizeDevice(deviceId));
  limitMessages(receiver, MAX_DEVICE_TO_CLOUD_BYTES);
  const credit = new ReceiverCredit(receiver);
  receiver.on("message", ({ message, delivery, format }: EventContext & { format?: number }) => {
    if (delivery === undefined) return;
    const store = async (): Promise<void> => {
      await deviceToCloud.receive(
        { deviceId, authMethod },
        toTelemetry(message ?? NO_BYTES, format),
      );
    };
    store()
      .then(
        () => settler.settle(delivery, { type: "accepted" }),
        (error: unknown) => settler.settle(delivery, { type: "rejected", error: toError(error) }),
      )
      .finally(() => credit.renew());
  });
  const close: GuardedLink["close"] = (error) => closeReceiver(receiver, error);
  const device = deviceLinks.open(deviceId, (error) => close(toError(error)));
  return { check: () => void claims.authorizeDevice(deviceId), close, end: () => device.close() };
}
