/** A service that sends cloud-to-device messages on one AMQP link, without waiting for answers. */

import { once } from "node:events";
import rhea from "rhea";
import { connectService } from "./amqp-service.mjs";

const BODY = rhea.message.data_section(Buffer.alloc(100, "x"));

export async function openCloudSender(address) {
  const { connection, close } = connectService(address);
  const sender = connection.open_sender("/messages/devicebound");
  await once(sender, "sendable");
  return {
    isReady: () => sender.sendable(),
    send(deviceId, number) {
      sender.send({
        to: `/devices/${deviceId}/messages/devicebound`,
        message_id: `message${number}`,
        body: BODY,
      });
    },
    onReady: (listener) => sender.on("sendable", listener),
    onAccepted: (listener) => sender.on("accepted", listener),
    onRefused: (listener) =>
      sender.on("rejected", ({ delivery }) =>
        listener(new Error(`a message was refused: ${delivery.remote_state.error?.description}`)),
      ),
    close,
  };
}
