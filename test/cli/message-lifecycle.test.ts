/** A message from `c2d-send` to `c2d-device listen`, and its feedback. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { messagesOf, parseLines } from "./support/run-command.ts";
import { StartedHub } from "./support/started-hub.ts";

let hub: StartedHub;

beforeEach(async () => {
  hub = await StartedHub.start();
});

afterEach(() => hub.stop());

test("a message is sent, printed and settled, and its feedback arrives", async () => {
  const listener = await hub.listen("--count", "1");
  const sent = await hub.send(
    "--wait",
    "--data",
    '{"a":1}',
    "--ct",
    "application/json",
    "-p",
    "k=v=w",
    "--uid",
    "me",
  );
  const [line, feedback, summary] = parseLines(sent.stdout);
  expect(line).toEqual({
    type: "sent",
    n: 0,
    deviceId: "device1",
    messageId: expect.stringMatching(/^message_0_[0-9a-f]{8}$/),
    correlationId: expect.stringMatching(/^correlation_0_[0-9a-f]{8}$/),
    bytes: 7,
    ack: "full",
    sentAt: expect.any(String),
  });
  expect(feedback).toEqual({
    type: "feedback",
    originalMessageId: line?.messageId,
    deviceId: "device1",
    statusCode: "Success",
    description: expect.any(String),
    enqueuedTimeUtc: expect.any(String),
    latencyMs: expect.any(Number),
  });
  expect(summary).toEqual({
    type: "summary",
    sent: 1,
    failed: 0,
    unsent: 0,
    success: 1,
    negative: 0,
    pending: 0,
    elapsedMs: expect.any(Number),
  });
  expect(sent.code).toBe(0);
  const listened = await listener.ended;
  expect(messagesOf(listened)).toEqual([
    {
      type: "message",
      n: 1,
      receivedAt: expect.any(String),
      deviceId: "device1",
      messageId: line?.messageId,
      correlationId: line?.correlationId,
      userId: "me",
      to: "/devices/device1/messages/devicebound",
      contentType: "application/json",
      contentEncoding: "utf-8",
      ack: "full",
      properties: { k: "v=w" },
      body: { a: 1 },
      bodyEncoding: "json",
      bytes: 7,
      duplicate: false,
    },
  ]);
  expect(listened.code).toBe(0);
});

test("binary bodies are printed as base64", async () => {
  await hub.send("--data", "00ff", "--data-encoding", "hex");
  const listened = await hub.run("c2d-device", "listen", "-c", "1", "-o", "json");
  expect(messagesOf(listened)).toMatchObject([{ body: "AP8=", bodyEncoding: "base64", bytes: 2 }]);
});

test("text output escapes control characters", async () => {
  await hub.send("--data", "\u001b[2Jclear\nTotal calls received: 9", "-p", "k\u001b=v\r");
  const { stdout } = await hub.run("c2d-device", "listen", "-c", "1");
  expect(stdout).not.toMatch(/[^\P{Cc}\n]/u);
  expect(stdout).toContain("    \\u001b[2Jclear\n    Total calls received: 9\n");
  expect(stdout).toContain("    k\\u001b: v\\r\n");
  expect(stdout).toContain("\nTotal calls received: 1\n");
});

test("messages beyond --count are left for the next listener", async () => {
  await hub.send("--count", "3");
  const first = await hub.run("c2d-device", "listen", "-c", "1", "-o", "json");
  const second = await hub.run("c2d-device", "listen", "-c", "2", "-o", "json");
  const ids = [...messagesOf(first), ...messagesOf(second)].map(({ messageId }) => messageId);
  expect(ids.map((id) => String(id).slice(0, 9))).toEqual(["message_0", "message_1", "message_2"]);
});

test("each device gets --count messages, numbered across all devices", async () => {
  writeFileSync(join(hub.directory, "ids"), "b\n\nc\n");
  const { stdout } = await hub.send("-d", "a", "--device-file", "ids", "--count", "2");
  const sent = parseLines(stdout).filter(({ type }) => type === "sent");
  const pairs = sent.map(({ n, deviceId }) => `${n}${deviceId}`).sort();
  expect(pairs).toEqual(["0a", "1b", "2c", "3a", "4b", "5c"]);
});
