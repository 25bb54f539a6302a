/** The exit codes of sending and listening. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import {
  type ExecutableName,
  linesOf,
  messagesOf,
  parseLines,
  run,
} from "./support/run-command.ts";
import { StartedHub } from "./support/started-hub.ts";

const WRONG_KEY = "d3JvbmcgLSB3cm9uZyAtIHdyb25nISE=";

let hub: StartedHub;

async function startHub(...args: readonly string[]): Promise<void> {
  hub = await StartedHub.start(...args);
}

afterEach(() => hub.stop());

test("124 when --count is not reached in time, 0 without --count", async () => {
  await startHub();
  const args = ["listen", "-o", "json", "--timeout", "300ms"];
  const counted = await hub.run("c2d-device", ...args, "--count", "1");
  expect(counted.code).toBe(124);
  expect(linesOf(counted.stderr)).toMatchObject([{ type: "error", code: 124, name: "Timeout" }]);
  expect((await hub.run("c2d-device", ...args)).code).toBe(0);
  const idle = ["listen", "--idle-timeout", "200ms", "-c", "1"];
  expect((await hub.run("c2d-device", ...idle)).code).toBe(124);
});

test("124 when feedback does not arrive, with the summary last", async () => {
  const { code, stdout } = await hub.send("--wait", "--timeout", "300ms");
  expect(parseLines(stdout).at(-1)).toMatchObject({ type: "summary", sent: 1, pending: 1 });
  expect(code).toBe(124);
});

test("0 with --ack negative and no record by the deadline", async () => {
  const { code, stderr } = await hub.send("--wait", "--ack", "negative", "--timeout", "300ms");
  expect(stderr).toContain("No negative feedback");
  expect(code).toBe(0);
});

test("7 for negative feedback", async () => {
  await startHub("--feedback-interval", "50ms");
  const { code, stdout } = await hub.send("--wait", "--expiry", "300ms");
  expect(parseLines(stdout)).toMatchObject([
    { type: "sent" },
    { type: "feedback", statusCode: "Expired" },
    { type: "summary", negative: 1, pending: 0 },
  ]);
  expect(code).toBe(7);
});

test("6 when the queue is full with --on-queue-full fail", async () => {
  await startHub("--queue-depth", "2");
  const { code, stdout, stderr } = await hub.send("--count", "3", "--on-queue-full", "fail");
  expect(parseLines(stdout).at(-1)).toMatchObject({ type: "summary", sent: 2, failed: 1 });
  expect(stderr).toContain("DeviceMaximumQueueDepthExceeded");
  expect(code).toBe(6);
});

test("6 when the queue stays full for --timeout, with the wait shown", async () => {
  await startHub("--queue-depth", "1");
  const { code, stderr } = await hub.send("--count", "2", "--timeout", "500ms");
  expect(stderr).toContain("is full; waiting for room");
  expect(code).toBe(6);
});

test("0 after waiting for a full queue, with messages in order", async () => {
  await startHub("--queue-depth", "2");
  const sending = hub.spawn("c2d-send", "-o", "json", "--count", "6", "-v");
  await sending.waitFor("stderr", "is full; waiting for room");
  const listened = await hub.run("c2d-device", "listen", "-c", "6", "-o", "json");
  const ids = messagesOf(listened).map(({ messageId }) => String(messageId).slice(0, 9));
  expect(ids).toEqual([0, 1, 2, 3, 4, 5].map((n) => `message_${n}`));
  expect((await sending.ended).code).toBe(0);
});

test("6 for a message that is too large", async () => {
  await startHub();
  writeFileSync(join(hub.directory, "big"), Buffer.alloc(70_000));
  const { code, stdout, stderr } = await hub.send("--data-file-path", "big");
  expect(stderr).toContain(`"name":"MessageTooLarge"`);
  expect(parseLines(stdout)).toMatchObject([{ type: "summary", sent: 0, failed: 1 }]);
  expect(code).toBe(6);
});

test("4 for a wrong key, with a summary of the send", async () => {
  await startHub();
  const env = await hub.env();
  const wrong = (text = "") => text.replace(/SharedAccessKey=.*/, `SharedAccessKey=${WRONG_KEY}`);
  const common = ["-o", "json", "--ca", env.IOTHUB_CA_FILE ?? ""];
  const sent = await run(
    "c2d-send",
    ["-d", "x", "-l", wrong(env.IOTHUB_CONNECTION_STRING), ...common],
    { directory: hub.directory },
  );
  expect(sent.code).toBe(4);
  expect(sent.stderr).toContain(`"name":"IotHubUnauthorized"`);
  expect(parseLines(sent.stdout)).toMatchObject([{ type: "summary", failed: 0, unsent: 1 }]);
  const listened = await run(
    "c2d-device",
    ["listen", "--connection-string", wrong(env.IOTHUB_DEVICE_CONNECTION_STRING), ...common],
    { directory: hub.directory },
  );
  expect(listened.code).toBe(4);
  expect(`${sent.stderr}${listened.stderr}`).not.toContain(WRONG_KEY);
});

test.each<readonly [ExecutableName, readonly string[]]>([
  [
    "c2d-send",
    ["-d", "x", "--login", "HostName=localhost:1;SharedAccessKeyName=s;SharedAccessKey=AAAA"],
  ],
  [
    "c2d-device",
    ["listen", "--connection-string", "HostName=localhost:1;DeviceId=d;SharedAccessKey=AAAA"],
  ],
])("5 for %s when nothing listens there", async (name, args) => {
  await startHub();
  const { code, stderr } = await run(name, [...args, "--connect-timeout", "5s"], {
    directory: hub.directory,
  });
  expect(stderr).toContain("error: Cannot connect to localhost:1");
  expect(code).toBe(5);
});

test("5 for a certificate that is not trusted", async () => {
  await startHub();
  const env = await hub.env();
  const { code, stderr } = await run(
    "c2d-device",
    ["listen", "--connection-string", env.IOTHUB_DEVICE_CONNECTION_STRING ?? "", "-o", "json"],
    { directory: hub.directory },
  );
  expect(stderr).toContain(`"name":"UntrustedCertificate"`);
  expect(code).toBe(5);
});
