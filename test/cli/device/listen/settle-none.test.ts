/** `--settle none`: prints, and lets each lock expire. */

import { afterEach, expect, test } from "vitest";
import { messagesOf } from "../../support/run-command.ts";
import { StartedHub } from "../../support/started-hub.ts";

const LISTEN = ["listen", "--transport", "amqp", "--settle", "none", "-o", "json"] as const;

let hub: StartedHub;

afterEach(() => hub.stop());

test("a message is redelivered when its lock expires, marked, with an unchanged delivery count", async () => {
  hub = await StartedHub.start("--lock-timeout", "200ms");
  await hub.send("--mid", "m1");
  const ended = await hub.run("c2d-device", ...LISTEN, "--count", "3");
  expect(messagesOf(ended)).toMatchObject([
    { n: 1, messageId: "m1", deliveryCount: 0, duplicate: false },
    { n: 2, messageId: "m1", deliveryCount: 0, duplicate: true },
    { n: 3, messageId: "m1", deliveryCount: 0, duplicate: true },
  ]);
  expect(ended.code).toBe(0);
});

test("more unsettled messages than an AMQP session can hold are received", async () => {
  hub = await StartedHub.start("--lock-timeout", "50ms", "--queue-depth", "500");
  await hub.send("--count", "400");
  const ended = await hub.run("c2d-device", ...LISTEN, "--count", "2500", "--timeout", "25s");
  expect(ended.code).toBe(0);
  const messages = messagesOf(ended);
  const ids = new Set(messages.map(({ messageId }) => messageId));
  expect(messages.filter(({ duplicate }) => !duplicate)).toHaveLength(ids.size);
  await hub.end();
  expect(hub.events.filter(({ type }) => type === "settled")).toEqual([]);
});
