/** A service: switches a lamp, and returns the feedback. */

import { randomUUID } from "node:crypto";
import { Message } from "azure-iot-common";
import { Client } from "azure-iothub";

interface FeedbackRecord {
  readonly originalMessageId: string;
  readonly statusCode: string;
}

/** Resolves to the status code of the feedback: `Success`, `Expired`, `Rejected`, … */
export async function switchLamp(
  connectionString: string,
  deviceId: string,
  isOn: boolean,
): Promise<string> {
  const client = Client.fromConnectionString(connectionString);
  try {
    const message = new Message(JSON.stringify({ isOn }));
    message.messageId = randomUUID();
    message.ack = "full";
    // Attach before sending, so that no record is missed.
    const statusCode = await waitForFeedback(client, message.messageId);
    await client.send(deviceId, message);
    return await statusCode.received;
  } finally {
    await client.close();
  }
}

async function waitForFeedback(client: Client, messageId: string) {
  const receiver = await new Promise<Client.ServiceReceiver>((resolve, reject) => {
    client.getFeedbackReceiver((error, found) => (found ? resolve(found) : reject(error)));
  });
  const received = new Promise<string>((resolve) => {
    receiver.on("message", ({ data }: { readonly data: Buffer }) => {
      const records = JSON.parse(data.toString()) as FeedbackRecord[];
      const own = records.find(({ originalMessageId }) => originalMessageId === messageId);
      if (own) resolve(own.statusCode);
    });
  });
  return { received };
}
