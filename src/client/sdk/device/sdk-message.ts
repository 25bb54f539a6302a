import { Message as SdkMessage } from "azure-iot-common/dist/message.js";
import type { Message } from "../../../core/message.ts";

/** Without properties, which the transports add. The SDK omits empty values. */
export function createSdkMessage({ system, body }: Message): SdkMessage {
  const { messageId = "", correlationId = "", userId = "", contentType, contentEncoding } = system;
  // The SDK's types allow one or two values where the hub accepts any.
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
