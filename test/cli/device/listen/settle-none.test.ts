/** `--settle none`: prints, and lets each lock expire. */

import { afterEach, expect, test } from "vitest";
import { type LocalHub, startLocalHub } from "../../../../src/hub/local-hub.ts";
import { openSender, type Send } from "../../support/hub-sender.ts";
import { startListen } from "../../support/listen-in-process.ts";

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function setUp(lockTimeoutMs: number): Promise<{ hub: LocalHub; send: Send }> {
  const hub = await startLocalHub({ devices: ["device1"], lockTimeoutMs, queueDepth: 500 });
  cleanups.push(() => hub.stop());
  const { send, close } = await openSender(hub);
  cleanups.push(close);
  return { hub, send };
}

test("a message is redelivered when its lock expires, marked, with an unchanged delivery count", async () => {
  const { hub, send } = await setUp(200);
  await send("m1");
  const listener = startListen(hub, { transport: "amqp", settlement: "none", count: 3 });
  expect(await listener.ended).toBe(0);
  expect(listener.messages()).toMatchObject([
    { n: 1, messageId: "m1", deliveryCount: 0, duplicate: false },
    { n: 2, messageId: "m1", deliveryCount: 0, duplicate: true },
    { n: 3, messageId: "m1", deliveryCount: 0, duplicate: true },
  ]);
});

test("more unsettled messages than an AMQP session can hold are received", async () => {
  const { hub, send } = await setUp(50);
  await send(...Array.from({ length: 400 }, (_, index) => `m${index}`));
  const outcomes: string[] = [];
  hub.subscribe((event) => {
    if (event.type === "settled") outcomes.push(event.outcome);
  });
  const many = { transport: "amqp", settlement: "none", count: 2500, timeoutMs: 25_000 } as const;
  const listener = startListen(hub, many);
  expect(await listener.ended).toBe(0);
  const messages = listener.messages();
  const ids = new Set(messages.map(({ messageId }) => messageId));
  expect(messages.filter(({ duplicate }) => !duplicate)).toHaveLength(ids.size);
  expect(outcomes).toEqual([]);
});
