/** `--settle abandon`: prints queued messages without removing them. */

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type LocalHub, startLocalHub } from "../../../../src/hub/local-hub.ts";
import type { LocalHubOptions } from "../../../../src/hub/local-hub-options.ts";
import type { HubEvent } from "../../../../src/hub/model/events.ts";
import { openSender, type Send } from "../../support/hub-sender.ts";
import { type ListenInProcessOptions, startListen } from "../../support/listen-in-process.ts";

const TRANSPORTS = ["amqp", "http"] as const;
type Transport = ListenInProcessOptions["transport"];

/** More than the link's credit window; over AMQP also more than the sender's. */
const MANY = { amqp: 1200, http: 150 };

/** Longer than any test runs. */
const NO_LOCK_END_MS = 300_000;

let hub: LocalHub;
let send: Send;
let events: HubEvent[];
let cleanups: (() => Promise<unknown>)[];

beforeEach(() => {
  cleanups = [];
  events = [];
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function setUp(options: LocalHubOptions = {}, ...ids: readonly string[]): Promise<void> {
  hub = await startLocalHub({ devices: ["device1"], ...options });
  cleanups.push(() => hub.stop());
  hub.subscribe((event) => void events.push(event));
  const sender = await openSender(hub);
  cleanups.push(() => sender.close());
  send = sender.send;
  await send(...ids);
}

function start(options: ListenInProcessOptions) {
  const listener = startListen(hub, {
    settlement: "abandon",
    lockTimeoutMs: NO_LOCK_END_MS,
    ...options,
  });
  cleanups.push(() => {
    listener.interrupt();
    return listener.ended;
  });
  return listener;
}

const idsOf = (messages: readonly Record<string, unknown>[]) =>
  messages.map(({ messageId }) => messageId);

/** How often each message was abandoned, by sequence number. */
function abandonments(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const event of events) {
    if (event.type !== "settled" || event.outcome !== "abandoned") continue;
    const { messageId = "" } = event;
    counts[messageId] = (counts[messageId] ?? 0) + 1;
  }
  return counts;
}

const deadLettered = () => events.filter(({ type }) => type === "deadLettered");

/** What a consumer that completes everything receives. */
async function takeAll(transport: Transport, count: number) {
  const taker = start({ transport, settlement: "complete", count, timeoutMs: 20_000 });
  expect(await taker.ended).toBe(0);
  return taker.messages().map(({ messageId, deliveryCount }) => [messageId, deliveryCount]);
}

describe.each(TRANSPORTS)("over %s", (transport) => {
  test("prints each message once, and raises its delivery count by one", async () => {
    await setUp({}, "m1", "m2", "m3");
    const look = start({ transport, count: 3 });
    expect(await look.ended).toBe(0);
    expect(look.messages()).toMatchObject([
      { n: 1, messageId: "m1", deliveryCount: 0, duplicate: false },
      { n: 2, messageId: "m2", deliveryCount: 0, duplicate: false },
      { n: 3, messageId: "m3", deliveryCount: 0, duplicate: false },
    ]);
    expect(abandonments()).toEqual({ m1: 1, m2: 1, m3: 1 });
    expect(await takeAll(transport, 3)).toEqual([
      ["m1", 1],
      ["m2", 1],
      ["m3", 1],
    ]);
    expect(deadLettered()).toEqual([]);
  });

  test("causes no redelivery during the run", async () => {
    await setUp({}, "m1", "m2");
    const look = start({ transport, idleTimeoutMs: 1000 });
    expect(await look.ended).toBe(0);
    expect(idsOf(look.messages())).toEqual(["m1", "m2"]);
    expect(abandonments()).toEqual({ m1: 1, m2: 1 });
    expect(events.filter(({ type }) => type === "delivered")).toHaveLength(2);
    expect(look.stderr.text).toContain("2 messages received.");
    expect(look.stderr.text).toContain("2 messages are back in the queue");
  });

  test("stops shortly before the first lock expires", async () => {
    await setUp({}, "m1", "m2");
    const look = start({ transport, lockTimeoutMs: 5200, count: 9 });
    expect(await look.ended).toBe(0);
    expect(idsOf(look.messages())).toEqual(["m1", "m2"]);
    expect(look.stderr.text).toContain("the lock of the first message is about to expire");
    expect(abandonments()).toEqual({ m1: 1, m2: 1 });
  });

  test("returns the held messages when interrupted", async () => {
    await setUp({}, "m1");
    const look = start({ transport });
    await look.stdout.waitFor(/"m1"/);
    look.interrupt();
    expect(await look.ended).toBe(0);
    expect(abandonments()).toEqual({ m1: 1 });
    expect(await takeAll(transport, 1)).toEqual([["m1", 1]]);
  });

  test("exits quietly when stdout is closed, and returns printed messages", async () => {
    await setUp({}, "m1", "m2");
    const look = start({ transport });
    // Like `head -1`: the next message has been received but cannot be printed.
    look.stdout.closeAfter(/"m1"/);
    expect(await look.ended).toBe(0);
    expect(idsOf(look.messages())).toEqual(["m1"]);
    expect(abandonments()).toMatchObject({ m1: 1 });
    expect((await takeAll(transport, 2))[0]).toEqual(["m1", 1]);
  });

  test("prints more messages than one credit window, in order", async () => {
    const ids = Array.from({ length: MANY[transport] }, (_, index) => `m${index}`);
    await setUp({ queueDepth: 2000 }, ...ids);
    const look = start({ transport, count: ids.length, timeoutMs: 25_000 });
    expect(await look.ended).toBe(0);
    expect(idsOf(look.messages())).toEqual(ids);
    expect(Object.values(abandonments())).toEqual(ids.map(() => 1));
    expect(deadLettered()).toEqual([]);
  });
});

test("with ten deliveries allowed, the tenth run dead-letters a message, not the ninth", async () => {
  await setUp({}, "m1");
  for (let n = 0; n < 9; n++) {
    const look = start({ transport: "amqp", count: 1 });
    expect(await look.ended).toBe(0);
    expect(look.messages()).toMatchObject([{ messageId: "m1", deliveryCount: n }]);
    expect(look.stderr.text).not.toContain("now dead-lettered");
  }
  expect(deadLettered()).toEqual([]);
  const last = start({ transport: "amqp", count: 1 });
  await last.ended;
  expect(last.stderr.text).toContain("now dead-lettered");
  expect(deadLettered()).toMatchObject([{ reason: "DeliveryCountExceeded" }]);
});

test("works over amqp-ws", async () => {
  await setUp({}, "m1", "m2");
  expect(await start({ transport: "amqp-ws", count: 2 }).ended).toBe(0);
  expect(abandonments()).toEqual({ m1: 1, m2: 1 });
});

test("with more deliveries allowed, twelve runs lose nothing", async () => {
  await setUp({ maxDeliveryCount: 20 }, "m1", "m2");
  for (let n = 0; n < 12; n++) expect(await start({ transport: "amqp", count: 2 }).ended).toBe(0);
  expect(abandonments()).toEqual({ m1: 12, m2: 12 });
  expect(deadLettered()).toEqual([]);
});

test("a redelivery ends the run if the hub's locks are shorter than Azure's", async () => {
  await setUp({ lockTimeoutMs: 400 }, "m1");
  const look = start({ transport: "amqp", count: 9 });
  expect(await look.ended).toBe(0);
  expect(idsOf(look.messages())).toEqual(["m1"]);
  expect(look.stderr.text).toContain("a message was delivered again");
  expect(abandonments()).toEqual({ m1: 1 });
  expect(deadLettered()).toEqual([]);
});

test("requests the lock duration it relies on over http", async () => {
  await setUp({ lockTimeoutMs: 400 }, "m1");
  const look = start({ transport: "http", lockTimeoutMs: 6000 });
  expect(await look.ended).toBe(0);
  expect(idsOf(look.messages())).toEqual(["m1"]);
  expect(look.stderr.text).toContain("the lock of the first message is about to expire");
  expect(abandonments()).toEqual({ m1: 1 });
});

test("holds redelivered messages after a reconnect, without printing them, and returns them once", async () => {
  await setUp({}, "m1");
  const look = start({ transport: "amqp" });
  await look.stdout.waitFor(/"m1"/);
  // Another connection of the same device briefly replaces this one.
  const other = start({ transport: "amqp", settlement: "none", count: 1, reconnect: false });
  await other.ended;
  await look.stderr.waitFor(/Reconnected/);
  await send("m2");
  await look.stdout.waitFor(/"m2"/);
  look.interrupt();
  expect(await look.ended).toBe(0);
  expect(idsOf(look.messages())).toEqual(["m1", "m2"]);
  expect(abandonments()).toEqual({ m1: 1, m2: 1 });
});

test("text output matches the tutorial, and stderr reports the returned messages", async () => {
  await setUp({}, "m1");
  const look = start({ transport: "amqp", count: 1, output: "text" });
  expect(await look.ended).toBe(0);
  expect(look.stdout.text).toContain("Message received:");
  expect(look.stderr.text).toContain(
    "1 message is back in the queue, with its delivery count raised by 1.",
  );
});
