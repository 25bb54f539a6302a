/** `--settle abandon`: prints queued messages without removing them. */

import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { AZURE_DEFAULTS } from "../../../../src/core/limits.ts";
import { messagesOf, type RunningCommand, run } from "../../support/run-command.ts";
import { StartedHub } from "../../support/started-hub.ts";

const TRANSPORTS = ["amqp", "http"] as const;
type Transport = (typeof TRANSPORTS)[number] | "amqp-ws";

/** More than the link's credit window; over AMQP also more than the sender's. */
const MANY = { amqp: 1200, http: 150 };

let hub: StartedHub;

afterEach(() => hub.stop());

/** The lock timeout that `listen` expects. */
function setLockTimeout(lockTimeoutMs: number): void {
  const before = { ...AZURE_DEFAULTS };
  Object.assign(AZURE_DEFAULTS, { lockTimeoutMs });
  onTestFinished(() => void Object.assign(AZURE_DEFAULTS, before));
}

// Longer than any test runs.
beforeEach(() => setLockTimeout(300_000));

/** Starts a hub, and sends messages `m0`, `m1` and so on. */
async function setUp(count: number, ...flags: readonly string[]): Promise<void> {
  hub = await StartedHub.start("--in-memory", "--lock-timeout", "300s", ...flags);
  await hub.send("--count", String(count), "--mid", "m{{n}}");
}

function start(transport: Transport, ...args: readonly string[]): RunningCommand {
  const poll = transport === "http" ? ["--poll-interval", "20ms"] : [];
  const all = ["--transport", transport, "--settle", "abandon", "-o", "json", ...poll, ...args];
  return hub.spawn("c2d-device", "listen", ...all);
}

async function peek(transport: Transport, ...args: readonly string[]) {
  const { code, stdout, stderr } = await start(transport, ...args).ended;
  return { code, stdout, stderr, messages: messagesOf({ stdout }) };
}

const idsOf = (messages: readonly Record<string, unknown>[]) =>
  messages.map(({ messageId }) => messageId);

/** Stops the hub, so that it has printed every event. */
async function eventsOf(type: string) {
  await hub.end();
  return hub.events.filter((event) => event.type === type);
}

/** How often each message was abandoned. Stops the hub. */
async function abandonments(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { messageId, outcome } of await eventsOf("settled")) {
    if (outcome !== "abandoned") continue;
    counts[String(messageId)] = (counts[String(messageId)] ?? 0) + 1;
  }
  return counts;
}

/** What a consumer that completes everything receives. */
async function takeAll(transport: Transport, count: number) {
  const args = ["--settle", "complete", "--count", String(count), "--timeout", "20s"];
  const { code, messages } = await peek(transport, ...args);
  expect(code).toBe(0);
  return messages.map(({ messageId, deliveryCount }) => [messageId, deliveryCount]);
}

describe.each(TRANSPORTS)("over %s", (transport) => {
  test("prints each message once, and raises its delivery count by one", async () => {
    await setUp(3);
    const { code, messages } = await peek(transport, "--count", "3");
    expect(code).toBe(0);
    expect(messages).toMatchObject([
      { n: 1, messageId: "m0", deliveryCount: 0, duplicate: false },
      { n: 2, messageId: "m1", deliveryCount: 0, duplicate: false },
      { n: 3, messageId: "m2", deliveryCount: 0, duplicate: false },
    ]);
    expect(await takeAll(transport, 3)).toEqual([
      ["m0", 1],
      ["m1", 1],
      ["m2", 1],
    ]);
    expect(await abandonments()).toEqual({ m0: 1, m1: 1, m2: 1 });
    expect(await eventsOf("deadLettered")).toEqual([]);
  });

  test("causes no redelivery during the run", async () => {
    await setUp(2);
    const { code, messages, stderr } = await peek(transport, "--idle-timeout", "1s");
    expect(code).toBe(0);
    expect(idsOf(messages)).toEqual(["m0", "m1"]);
    expect(await abandonments()).toEqual({ m0: 1, m1: 1 });
    expect(await eventsOf("delivered")).toHaveLength(2);
    expect(stderr).toContain("2 messages received.");
    expect(stderr).toContain("2 messages are back in the queue");
  });

  test("stops shortly before the first lock expires", async () => {
    setLockTimeout(5200);
    await setUp(2);
    const { code, messages, stderr } = await peek(transport, "--count", "9");
    expect(code).toBe(0);
    expect(idsOf(messages)).toEqual(["m0", "m1"]);
    expect(stderr).toContain("the lock of the first message is about to expire");
    expect(await abandonments()).toEqual({ m0: 1, m1: 1 });
  });

  test("returns the held messages when interrupted", async () => {
    await setUp(1);
    const listener = start(transport);
    await listener.waitFor("stdout", `"m0"`);
    listener.interrupt();
    expect((await listener.ended).code).toBe(0);
    expect(await takeAll(transport, 1)).toEqual([["m0", 1]]);
    expect(await abandonments()).toEqual({ m0: 1 });
  });

  test("exits quietly when stdout is closed, and returns printed messages", async () => {
    await setUp(1);
    const listener = start(transport);
    // Like `head -2`: the next message has been received but cannot be printed.
    await listener.waitFor("stdout", `"m0"`);
    listener.readers.stdout.destroy();
    await hub.send("--mid", "m1");
    const ended = await listener.ended;
    expect(ended.code).toBe(0);
    expect(idsOf(messagesOf(ended))).toEqual(["m0"]);
    expect((await takeAll(transport, 2))[0]).toEqual(["m0", 1]);
    expect(await abandonments()).toMatchObject({ m0: 1 });
  });

  test("prints more messages than one credit window, in order", async () => {
    const count = MANY[transport];
    await setUp(count, "--queue-depth", "2000");
    const args = ["--count", String(count), "--timeout", "25s"];
    const { code, messages } = await peek(transport, ...args);
    expect(code).toBe(0);
    const ids = Array.from({ length: count }, (_, index) => `m${index}`);
    expect(idsOf(messages)).toEqual(ids);
    expect(await takeAll(transport, count)).toEqual(ids.map((id) => [id, 1]));
  });
});

test("with ten deliveries allowed, the tenth run dead-letters a message, not the ninth", async () => {
  await setUp(1);
  for (let n = 0; n < 9; n++) {
    const { code, messages, stderr } = await peek("amqp", "--count", "1");
    expect(code).toBe(0);
    expect(messages).toMatchObject([{ messageId: "m0", deliveryCount: n }]);
    expect(stderr).not.toContain("now dead-lettered");
  }
  const { messages, stderr } = await peek("amqp", "--count", "1");
  expect(messages).toMatchObject([{ messageId: "m0", deliveryCount: 9 }]);
  expect(stderr).toContain("now dead-lettered");
  expect(await eventsOf("deadLettered")).toMatchObject([{ reason: "DeliveryCountExceeded" }]);
});

test("works over amqp-ws", async () => {
  await setUp(2);
  expect((await peek("amqp-ws", "--count", "2")).code).toBe(0);
  expect(await abandonments()).toEqual({ m0: 1, m1: 1 });
});

test("with more deliveries allowed, twelve runs lose nothing", async () => {
  await setUp(2, "--max-delivery-count", "20");
  for (let n = 0; n < 12; n++) expect((await peek("amqp", "--count", "2")).code).toBe(0);
  expect(await abandonments()).toEqual({ m0: 12, m1: 12 });
  expect(await eventsOf("deadLettered")).toEqual([]);
});

test("a redelivery ends the run if the hub's locks are shorter than Azure's", async () => {
  await setUp(1, "--lock-timeout", "400ms");
  const args = ["listen", "--transport", "amqp", "--settle", "abandon", "-o", "json", "-c", "9"];
  const options = { ...hub.options, env: await hub.env() };
  const { code, stdout, stderr } = await run("c2d-device", args, options);
  expect(code).toBe(0);
  expect(idsOf(messagesOf({ stdout }))).toEqual(["m0"]);
  expect(stderr).toContain("a message was delivered again");
  expect(await abandonments()).toEqual({ m0: 1 });
  expect(await eventsOf("deadLettered")).toEqual([]);
});

test("requests the lock duration it relies on over http", async () => {
  setLockTimeout(6000);
  await setUp(1, "--lock-timeout", "400ms");
  const { code, messages, stderr } = await peek("http");
  expect(code).toBe(0);
  expect(idsOf(messages)).toEqual(["m0"]);
  expect(stderr).toContain("the lock of the first message is about to expire");
  expect(await abandonments()).toEqual({ m0: 1 });
});

test("holds redelivered messages after a reconnect, without printing them, and returns them once", async () => {
  await setUp(1);
  const listener = start("amqp");
  await listener.waitFor("stdout", `"m0"`);
  // Another connection of the same device briefly replaces this one.
  await start("amqp", "--settle", "none", "--count", "1", "--no-reconnect").ended;
  await listener.waitFor("stderr", "Reconnected");
  await hub.send("--mid", "m1");
  await listener.waitFor("stdout", `"m1"`);
  listener.interrupt();
  const ended = await listener.ended;
  expect(ended.code).toBe(0);
  expect(idsOf(messagesOf(ended))).toEqual(["m0", "m1"]);
  expect(await abandonments()).toEqual({ m0: 1, m1: 1 });
});

test("text output matches the tutorial, and stderr reports the returned messages", async () => {
  await setUp(1);
  const { code, stdout, stderr } = await start("amqp", "--count", "1", "-o", "text").ended;
  expect(code).toBe(0);
  expect(stdout).toContain("Message received:");
  expect(stderr).toContain("1 message is back in the queue, with its delivery count raised by 1.");
});
