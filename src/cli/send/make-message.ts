/** One cloud-to-device message of a run. */

import type { Message } from "../../core/message.ts";
import { type MessageInstance, makeMessage } from "../message/make-message.ts";
import { expiryTimeMs } from "./expiry.ts";
import type { CloudToDevicePlan } from "./send-options.ts";

export function makeCloudToDeviceMessage(
  plan: CloudToDevicePlan,
  instance: MessageInstance,
): Message {
  const { expiry, ack } = plan;
  const message = makeMessage(plan, instance);
  return {
    ...message,
    system: {
      ...message.system,
      ...(expiry !== undefined && { expiryTimeUtcMs: expiryTimeMs(expiry, instance.nowMs) }),
      ack,
    },
  };
}
