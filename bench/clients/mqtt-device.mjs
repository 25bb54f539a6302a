/** A device of the hub on MQTT. */

import { connectMqtt } from "./mqtt-client.mjs";
import { ownerToken } from "./tokens.mjs";

/** `onPublish` is called for each message, `onAnswer` for each telemetry message that is stored. */
export function connectMqttDevice(address, deviceId, onPublish, onAnswer) {
  const session = {
    clientId: deviceId,
    clean: false,
    username: `localhost/${deviceId}/?api-version=2021-04-12`,
    password: Buffer.from(ownerToken(address)),
    topic: `devices/${deviceId}/messages/devicebound/#`,
  };
  return connectMqtt(address, session, { onPublish, onAnswer });
}

/** The id of a message, from the bag in its topic. */
export function messageIdOf({ topic }) {
  return decodeURIComponent(/%24\.mid=([^&]*)/.exec(topic)?.[1] ?? "");
}
