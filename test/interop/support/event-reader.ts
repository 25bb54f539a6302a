/** Reads events from the hub's event hub over plain AMQP. */

import { connect } from "node:tls";
import type { Message } from "rhea";
import { onTestFinished } from "vitest";
import { AmqpPeer, dataOf } from "../../support/amqp-peer.ts";
import { type InteropHub, ownerToken } from "./interop-hub.ts";

export interface SeenEvent {
  readonly deviceId: unknown;
  readonly messageId: unknown;
  readonly contentType: unknown;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** The first events of the hub, of all partitions. */
export async function readEvents(interop: InteropHub, count: number): Promise<SeenEvent[]> {
  await interop.log.reached("telemetry", count);
  const { host, port, ca } = interop.endpoint;
  const socket = connect({ host, port, servername: host, ca });
  onTestFinished(() => {
    socket.destroy();
  });
  const peer = await new AmqpPeer(socket, { hostname: host }).opened();
  await (await peer.openCbs()).putToken(host, ownerToken(interop));
  const seen: SeenEvent[] = [];
  const stored = interop.log.of("telemetry").map(({ partitionId }) => partitionId);
  for (const partitionId of new Set(stored)) {
    const address = `messages/ConsumerGroups/$Default/Partitions/${partitionId}`;
    const receiver = await peer.openReceiver(address);
    const inPartition = stored.filter((one) => one === partitionId);
    for (const _ of inPartition) seen.push(readEvent((await receiver.next()).message));
  }
  return seen;
}

function readEvent(message: Message): SeenEvent {
  const annotations = message.message_annotations ?? {};
  return {
    deviceId: annotations["iothub-connection-device-id"],
    messageId: message.message_id,
    contentType: message.content_type,
    properties: message.application_properties ?? {},
    annotations,
    body: dataOf(message).toString(),
  };
}
