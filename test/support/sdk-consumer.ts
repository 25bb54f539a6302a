import {
  EventHubConsumerClient,
  type EventHubConsumerClientOptions,
  earliestEventPosition,
  type PartitionContext,
  type ReceivedEventData,
  type SubscribeOptions,
} from "@azure/event-hubs";
import { onTestFinished } from "vitest";
import type { LocalHub } from "../../src/hub/local-hub.ts";
import { Inbox } from "./inbox.ts";

export interface ConsumedEvent {
  readonly event: ReceivedEventData;
  readonly context: PartitionContext;
}

export interface Consumption {
  readonly events: Inbox<ConsumedEvent>;
  readonly errors: Inbox<Error>;
  close(): Promise<void>;
}

/** The SDK's own consumer, closed when the test ends; the hub must be trusted. */
export function openSdkConsumer(
  connectionString: string,
  group = "$Default",
  options: EventHubConsumerClientOptions = {},
): EventHubConsumerClient {
  const client = new EventHubConsumerClient(group, connectionString, {
    retryOptions: { maxRetries: 0, timeoutInMs: 5000 },
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

/** Reads all partitions, or one, and records the events. */
export function consume(
  client: EventHubConsumerClient,
  { partitionId, ...options }: SubscribeOptions & { readonly partitionId?: string } = {},
): Consumption {
  const [events, errors] = [new Inbox<ConsumedEvent>(), new Inbox<Error>()];
  const handlers = {
    async processEvents(received: ReceivedEventData[], context: PartitionContext) {
      for (const event of received) events.push({ event, context });
    },
    async processError(error: Error) {
      errors.push(error);
    },
  };
  const settings = { startPosition: earliestEventPosition, maxWaitTimeInSeconds: 1, ...options };
  const subscription =
    partitionId === undefined
      ? client.subscribe(handlers, settings)
      : client.subscribe(partitionId, handlers, settings);
  return { events, errors, close: () => subscription.close() };
}

/** The first `count` events of the hub; those of one device are in order. */
export async function readEvents(hub: LocalHub, count: number): Promise<ReceivedEventData[]> {
  const client = openSdkConsumer(hub.eventHubConnectionString);
  const { events, close } = consume(client, { skipParsingBodyAsJson: true });
  const taken = await events.take(count);
  await close();
  return taken.map(({ event }) => event);
}
