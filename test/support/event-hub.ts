import rhea, { type Message as AmqpMessage, type ReceiverOptions } from "rhea";
import type { Telemetry } from "../../src/core/message.ts";
import type { AmqpPeer, AmqpReceiver } from "./amqp-peer.ts";
import { dataOf } from "./amqp-peer.ts";
import type { TestHub } from "./test-hub.ts";

const SELECTOR_FILTER = "apache.org:selector-filter:string";
/** As Node's SDK gives it; uamqp gives the name itself. */
const SELECTOR_DESCRIPTOR = 0x468c00000004;

export const POSITION = {
  offset: "amqp.annotation.x-opt-offset",
  sequenceNumber: "amqp.annotation.x-opt-sequence-number",
  enqueuedTime: "amqp.annotation.x-opt-enqueued-time",
  azEnqueuedTime: "amqp.annotation.x-opt-enqueuedtimeutc",
} as const;

export interface PartitionLink {
  readonly partitionId: string;
  readonly group?: string;
  readonly filter?: string;
  readonly epoch?: number;
  readonly link?: ReceiverOptions;
}

export function partitionAddress(partitionId: string, group = "$Default"): string {
  return `messages/ConsumerGroups/${group}/Partitions/${partitionId}`;
}

/** Attaches a reader like an Event Hubs client; rejects with the hub's error if refused. */
export function openPartition(peer: AmqpPeer, options: PartitionLink): Promise<AmqpReceiver> {
  const { partitionId, group, filter, epoch, link } = options;
  const address = partitionAddress(partitionId, group);
  const selector = rhea.types.wrap_described(filter, SELECTOR_DESCRIPTOR as never);
  const source = {
    address,
    ...(filter !== undefined && { filter: { [SELECTOR_FILTER]: selector } as never }),
  };
  return peer.openReceiver(address, {
    source,
    autoaccept: true,
    ...(epoch !== undefined && {
      properties: { "com.microsoft:epoch": rhea.types.wrap_long(epoch) },
    }),
    ...link,
  });
}

/** Stores events with these bodies from one device, and returns their partition. */
export async function sendTelemetry(
  { deviceToCloud, log }: TestHub,
  bodies: readonly string[],
  { deviceId = "device1", ...fields }: Partial<Telemetry> & { readonly deviceId?: string } = {},
): Promise<string> {
  const sender = { deviceId, authMethod: "{}" };
  for (const body of bodies) {
    const message = { system: {}, properties: {}, ...fields, body: Buffer.from(body) };
    await deviceToCloud.receive(sender, [message]);
  }
  return log.of("telemetry").findLast((event) => event.deviceId === deviceId)?.partitionId ?? "";
}

export function bodyOf(message: AmqpMessage): string {
  return dataOf(message).toString();
}

/** The bodies of the next `count` events. */
export async function takeBodies(reader: AmqpReceiver, count: number): Promise<string[]> {
  const bodies: string[] = [];
  while (bodies.length < count) bodies.push(bodyOf((await reader.next()).message));
  return bodies;
}

/** Resolves once the hub has processed everything sent so far. */
export async function roundTrip(peer: AmqpPeer): Promise<void> {
  await peer.openSender("/nothing").then(
    () => {
      throw new Error("a link to nowhere was attached");
    },
    () => {},
  );
}
