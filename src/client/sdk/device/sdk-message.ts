/** An event as the device SDK has it: ids, content type and encoding, body. Properties are added by transport. */

import { Message as SdkMessage } from "azure-iot-common/dist/message.js";
import type { Message } from "../../../core/message.ts";

/** What is empty here the SDK leaves away. */
export function createSdkMessage({ system, body }: Message): SdkMessage {
  const { messageId = "", correlationId = "", userId = "", contentType, contentEncoding } = system;
  // The SDK's types allow one or two values where the hub takes any.
  return Object.assign(new SdkMessage(toBuffer(body)), {
    messageId,
    correlationId,
    userId,
    ...(contentType !== undefined && { contentType }),
    ...(contentEncoding !== undefined && { contentEncoding }),
  }) as SdkMessage;
}

function toBuffer(body: Uint8Array): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body);
}
