/** Sends messages to `device1` of a local hub, for tests of receiving. */

import { readFileSync } from "node:fs";
import { connectService } from "../../../src/client/service/connect-service.ts";
import { parseHubConnectionString } from "../../../src/core/connection-string.ts";
import type { LocalHub } from "../../../src/hub/local-hub.ts";

/** Sends one message for each id; resolves once the hub has them all. */
export type Send = (...messageIds: readonly string[]) => Promise<void>;

export async function openSender(
  hub: LocalHub,
): Promise<{ readonly send: Send; close(): Promise<void> }> {
  const service = await connectService({
    signIn: parseHubConnectionString(hub.connectionString),
    transport: "amqp",
    ca: readFileSync(hub.caFile, "utf8"),
    connectTimeoutMs: 60_000,
    onDisconnect: () => {},
  });
  const sendOne = (messageId: string) =>
    service.send("device1", { system: { messageId }, properties: {}, body: Buffer.from("body") });
  return {
    send: async (...messageIds) => void (await Promise.all(messageIds.map(sendOne))),
    close: () => service.close(),
  };
}
