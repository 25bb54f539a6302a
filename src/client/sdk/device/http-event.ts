/**
 * Encodes an event for azure-iot-device-http like a message to a device (rule https-headers).
 *
 * The SDK writes ids and properties into headers unencoded, and drops two property names. Node
 * throws on characters that a header cannot contain, in a callback of the SDK: the process ends.
 */

import type { Message as SdkMessage } from "azure-iot-common";
import { encodeHeaderName, encodeHeaderValue } from "../../../core/header-text.ts";
import type { Message } from "../../../core/message.ts";
import { createSdkMessage } from "./sdk-message.ts";

export function toHttpEvent({ system, properties, body }: Message): SdkMessage {
  const sdkMessage = createSdkMessage({ system: encodeTexts(system), properties: {}, body });
  for (const [name, value] of Object.entries(properties)) {
    // Not `add`, which drops names that are unsafe without the prefix that they get here.
    sdkMessage.properties.propertyList.push({
      key: encodeHeaderName(name),
      value: encodeHeaderValue(value ?? ""),
    });
  }
  return sdkMessage;
}

function encodeTexts(system: Message["system"]): Message["system"] {
  return Object.fromEntries(
    Object.entries(system).map(([name, value]) => [
      name,
      typeof value === "string" ? encodeHeaderValue(value) : value,
    ]),
  );
}
