/** How `--from` reads and interprets its lines. */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sendRecorded } from "../../../src/cli/send/send.ts";
import type { RunOptions } from "../../../src/cli/send/send-options.ts";
import { UsageError } from "../../../src/cli/terminal/usage-error.ts";
import type { ServiceConfig } from "../../../src/config/service-config.ts";
import { parseHubConnectionString } from "../../../src/core/connection-string.ts";
import { type LocalHub, startLocalHub } from "../../../src/hub/local-hub.ts";
import { InProcess } from "../support/in-process.ts";

const OPTIONS: RunOptions = {
  ack: undefined,
  intervalMs: 0,
  connectTimeoutMs: 60_000,
  timeoutMs: 60_000,
  isWaiting: false,
  isDryRun: false,
  onQueueFull: "wait",
};
const line = (fields: object = {}) =>
  JSON.stringify({ type: "message", body: "b", bodyEncoding: "utf8", ...fields });

let directory: string;
let hub: LocalHub;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "c2d-from-"));
  hub = await startLocalHub({ devices: ["d", "e"], queueDepth: 1000 });
  hub.trust();
});

afterAll(async () => {
  await hub.stop();
  rmSync(directory, { recursive: true, force: true });
});

function remote(): ServiceConfig {
  return {
    hub: {
      type: "remote",
      connectionString: parseHubConnectionString(hub.connectionString),
      from: "the test",
    },
    deviceIds: ["d", "e"],
    transport: "amqp",
    secrets: [],
  };
}

async function send(input: string | Buffer, options: Partial<RunOptions> = {}) {
  const stdin = Readable.from(input.length === 0 ? [] : [Buffer.from(input)]);
  const process = new InProcess({ stdin });
  const code = await sendRecorded("-", { ...OPTIONS, ...options }, remote(), process.context);
  return { code, process, summary: process.lines.at(-1) };
}

describe("invalid lines", () => {
  test("are skipped and counted in one warning", async () => {
    const bad = ["text", "{}", "[1]", '{"type":"massage"}', '{"type":"message"}', "x", "y"];
    const { code, summary, process } = await send([bad[0], line(), ...bad.slice(1)].join("\n"));
    expect(summary).toMatchObject({ type: "summary", sent: 2, failed: 0, unsent: 0 });
    expect(code).toBe(0);
    expect(process.stderr.match(/^warning: .*$/gm)).toEqual([
      "warning: --from: skipped 7 invalid lines: line 1 is not a JSON object, line 3 has an unknown type, line 4 is not a JSON object, line 5 has an unknown type, line 6 has a body that is not valid for its bodyEncoding (json, utf8 or base64), 2 more",
    ]);
  });

  test.each([
    ["a line without end", Buffer.from(`${"x".repeat(5_000_000)}\n`), "longer"],
    ["bytes that are not UTF-8", Buffer.of(0x22, 0xff, 0x22, 0x0a), "UTF-8"],
    ["an escape sequence", Buffer.from('{"type":"message","properties":{"\\u001b[1m":1}}\n'), ""],
  ])("%s does not stop the next line, and is shown safely", async (_title, bad, says) => {
    const { code, summary, process } = await send(Buffer.concat([bad, Buffer.from(line())]));
    expect(summary).toMatchObject({ sent: 2 });
    expect(process.stderr).toMatch(/^warning: --from: skipped 1 invalid line/m);
    expect(process.stderr).toContain(says);
    expect(process.stderr).not.toContain("\u001b");
    expect(code).toBe(0);
  });

  test("without a valid message they are a usage error, with a summary last", async () => {
    const { code, summary, process } = await send('no\n{"type":"ready"}\n');
    expect(process.errors("error")).toMatchObject([{ code: 2, name: "UsageError" }]);
    expect(process.stderr).toContain("warning: --from: skipped 1 invalid line");
    expect(summary).toMatchObject({ type: "summary", sent: 0, failed: 0, unsent: 0 });
    expect(code).toBe(2);
  });
});

test.each(["", "\n\n", '{"type":"ready"}\n{"type":"summary"}\n'])(
  "without any message there is nothing to send: %j",
  async (input) => {
    const { code, summary, process } = await send(input);
    expect(process.stderr).not.toMatch(/warning|error/);
    expect(summary).toMatchObject({ type: "summary", sent: 0, failed: 0, unsent: 0 });
    expect(code).toBe(0);
  },
);

test("an oversize message fails, and the others are sent", async () => {
  const big = line({ body: "x".repeat(700_000), messageId: "big" });
  const { code, summary, process } = await send([line(), big, line()].join("\n"));
  expect(summary).toMatchObject({ sent: 4, failed: 2, unsent: 0 });
  expect(process.errors("failed")).toMatchObject([
    { n: 2, deviceId: "d", messageId: "big", name: "MessageTooLarge" },
    { n: 3, deviceId: "e", messageId: "big", name: "MessageTooLarge" },
  ]);
  expect(code).toBe(6);
});

test("a message that must not be sent exits with 2, and the summary counts the earlier ones", async () => {
  const { code, summary } = await send([line(), line({ deviceId: "e" }), line()].join("\n"));
  expect(summary).toMatchObject({ sent: 2, failed: 0, unsent: 0 });
  expect(code).toBe(2);
});

test("after an interruption, messages read but not accepted are unsent", async () => {
  const stdin = Readable.from([Buffer.from(`${line()}\n${line()}\n`)]);
  const process = new InProcess({
    stdin,
    onWrite: () => setImmediate(() => process.interrupt("SIGINT")),
  });
  const slow = { ...OPTIONS, intervalMs: 3_600_000 };
  const code = await sendRecorded("-", slow, remote(), process.context);
  expect(process.lines.at(-1)).toMatchObject({ type: "summary", sent: 1, failed: 0, unsent: 1 });
  expect(code).toBe(130);
});

test.each([
  ["missing", "ENOENT"],
  [".", "EISDIR"],
])("a file that cannot be read (%s) starts no hub", async (path, says) => {
  const home = join(directory, "home");
  const process = new InProcess({ directory });
  const config: ServiceConfig = { ...remote(), hub: { type: "local", home, from: "the test" } };
  const sending = sendRecorded(path, OPTIONS, config, process.context);
  await expect(sending).rejects.toThrow(UsageError);
  await expect(sending).rejects.toThrow(says);
  expect(existsSync(home)).toBe(false);
});

test("a file is read to its end", async () => {
  writeFileSync(join(directory, "lines"), `${line({ messageId: "1" })}\n${line()}`);
  const process = new InProcess({ directory });
  const code = await sendRecorded("lines", OPTIONS, remote(), process.context);
  expect(process.lines.at(-1)).toMatchObject({ type: "summary", sent: 4 });
  expect(code).toBe(0);
});

test("a dry run also reports what it skips", async () => {
  const { code, summary, process } = await send(`no\n${line()}\n`, { isDryRun: true });
  expect(process.lines).toHaveLength(3);
  expect(process.stderr).toContain("warning: --from: skipped 1 invalid line");
  expect(summary).toMatchObject({ type: "summary", sent: 0, failed: 0, unsent: 0 });
  expect(code).toBe(0);
});
