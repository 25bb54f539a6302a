/** How signals and readers end `c2d-device listen` and `c2d-send`. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { messagesOf, parseLines } from "../../support/run-command.ts";
import { StartedHub } from "../../support/started-hub.ts";

let hub: StartedHub;

beforeEach(async () => {
  hub = await StartedHub.start();
});

afterEach(() => hub.stop());

test.each(["SIGINT", "SIGTERM"] as const)(
  "listen without --count exits with 0 on %s",
  async (signal) => {
    const listener = await hub.listen();
    listener.interrupt(signal);
    expect(await listener.ended).toMatchObject({ code: 0 });
  },
);

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("on %s before --count is reached, listen exits with %i", async (signal, code) => {
  const listener = await hub.listen("--count", "1");
  listener.interrupt(signal);
  expect(await listener.ended).toMatchObject({ code });
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("on %s during --wait, send exits with %i and a summary", async (signal, code) => {
  const sending = hub.spawn("c2d-send", "-o", "json", "--wait", "--timeout", "0");
  await sending.waitFor("stdout", `"type":"sent"`);
  sending.interrupt(signal);
  const ended = await sending.ended;
  expect(parseLines(ended.stdout).at(-1)).toMatchObject({
    type: "summary",
    sent: 1,
    pending: 1,
  });
  expect(ended).toMatchObject({ code });
});

test("on SIGINT between messages, send exits with 130 and counts sent messages", async () => {
  const sending = hub.spawn("c2d-send", "-o", "json", "--count", "9", "--interval", "1h");
  await sending.waitFor("stdout", `"type":"sent"`);
  sending.interrupt();
  const ended = await sending.ended;
  expect(parseLines(ended.stdout).at(-1)).toMatchObject({ type: "summary", sent: 1, failed: 0 });
  expect(ended.code).toBe(130);
});

test("listen exits quietly with 0 when stdout is closed, and unread messages stay queued", async () => {
  const listener = await hub.listen("-q");
  listener.readers.stdout.destroy();
  await hub.send("--message-id", "unread");
  expect(await listener.ended).toMatchObject({ code: 0, stderr: "" });
  const after = await hub.run("c2d-device", "listen", "-c", "1", "-o", "json");
  expect(messagesOf(after)).toMatchObject([{ messageId: "unread" }]);
});

test("a listener whose reader blocks for several keep-alives loses nothing and stays connected", async () => {
  const listener = await hub.listen("--count", "20", "--keepalive", "2s");
  listener.readers.stdout.pause();
  writeFileSync(join(hub.directory, "body"), Buffer.alloc(60_000, "x"));
  await hub.send("--count", "20", "--data-file-path", "body");
  // The hub drops a silent client after 1.5 keep-alives: three of them must pass.
  await new Promise((resolve) => setTimeout(resolve, 7000));
  listener.readers.stdout.resume();
  const ended = await listener.ended;
  expect(new Set(messagesOf(ended).map(({ messageId }) => messageId)).size).toBe(20);
  expect(messagesOf(ended).some(({ duplicate }) => duplicate)).toBe(false);
  const connects = hub.events.filter(({ type }) => type === "deviceConnected");
  expect(connects).toHaveLength(1);
});

test("--ready-file and --output-file", async () => {
  await hub.send("--data", "to a file");
  const listener = hub.spawn(
    "c2d-device",
    "listen",
    "-o",
    "json",
    "-c",
    "1",
    "--ready-file",
    "ready",
    "--output-file",
    "out",
  );
  expect((await listener.ended).code).toBe(0);
  expect(parseLines(readFileSync(join(hub.directory, "ready"), "utf8"))).toMatchObject([
    { type: "ready", deviceId: "device1" },
  ]);
  expect(parseLines(readFileSync(join(hub.directory, "out"), "utf8"))).toMatchObject([
    { type: "message", body: "to a file" },
  ]);
  expect(parseLines(listener.stdout)).toMatchObject([{ type: "ready" }]);
});
