/** Reads all events with @azure/event-hubs; tells the parent process how many have arrived. */

import { EventHubConsumerClient, earliestEventPosition } from "@azure/event-hubs";

const client = new EventHubConsumerClient("$Default", process.env.EVENTHUB_CONNECTION_STRING);
client.subscribe(
  {
    async processEvents(events) {
      process.send(events.length);
    },
    async processError(error) {
      throw error;
    },
  },
  { startPosition: earliestEventPosition, maxBatchSize: 500, maxWaitTimeInSeconds: 1 },
);
