/**
 * An event as azure-iot-device-http can send it: everything in it fits into headers.
 *
 * Why: the SDK writes ids and properties into headers as they are. Node throws at whatever a header
 * cannot carry, out of a callback of the SDK, which ends the process; and the SDK drops properties of
 * two names. The form is the one in which the hub sends messages to a device (rule https-headers).
 */

import type { Message as SdkMessage } from "azure-iot-common";
import { encodeHeaderName, encodeHeaderValue } from "../../../core/header-text.ts";
import type { Message } from "../../../core/message.ts";
import { createSdkMessage } from "./sdk-message.ts";

export function toHttpEvent({ system, properties, body }: Message): SdkMessage {
  const sdkMessage = createSdkMessage({ system: encodeTexts(system), properties: {}, body });
  for (const [name, value] of Object.entries(properties)) {
    // Not `add`, which drops names that would be dangerous without the prefix they get.
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
