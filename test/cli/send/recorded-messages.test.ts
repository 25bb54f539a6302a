/** How `--from` reads and interprets its lines. */

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LocalHub, startLocalHub } from "../../../src/hub/local-hub.ts";
import { sharedDirectory } from "../../support/local-hub.ts";
import { linesOf, RunningCommand, run } from "../support/run-command.ts";

const line = (fields: object = {}) =>
  JSON.stringify({ type: "message", body: "b", bodyEncoding: "utf8", ...fields });

const directory = sharedDirectory();
let hub: LocalHub;

beforeAll(async () => {
  hub = await startLocalHub({ devices: ["d", "e"], queueDepth: 1000 });
});

afterAll(() => hub.stop());

/** Sends to `d` and `e`, from a file or stdin. */
function start(file: string, input: string | Buffer = "", ...args: readonly string[]) {
  const all = ["--from", file, "-d", "d", "-d", "e", "-o", "json", ...args];
  return new RunningCommand("c2d-send", all, {
    directory,
    env: { IOTHUB_CONNECTION_STRING: hub.connectionString, IOTHUB_CA_FILE: hub.caFile },
    input: Readable.from(input.length === 0 ? [] : [Buffer.from(input)]),
  });
}

async function send(input: string | Buffer, ...args: readonly string[]) {
  const ended = await start("-", input, ...args).ended;
  return { ...ended, summary: linesOf(ended.stdout).at(-1) };
}

describe("invalid lines", () => {
  test("are skipped and counted in one warning", async () => {
    const bad = ["text", "{}", "[1]", '{"type":"massage"}', '{"type":"message"}', "x", "y"];
    const { code, summary, stderr } = await send([bad[0], line(), ...bad.slice(1)].join("\n"));
    expect(summary).toMatchObject({ type: "summary", sent: 2, failed: 0, unsent: 0 });
    expect(code).toBe(0);
    expect(stderr.match(/^warning: .*$/gm)).toEqual([
      "warning: --from: skipped 7 invalid lines: line 1 is not a JSON object, line 3 has an unknown type, line 4 is not a JSON object, line 5 has an unknown type, line 6 has a body that is not valid for its bodyEncoding (json, utf8 or base64), 2 more",
    ]);
  });

  test.each([
    ["a line without end", Buffer.from(`${"x".repeat(5_000_000)}\n`), "longer"],
    ["bytes that are not UTF-8", Buffer.of(0x22, 0xff, 0x22, 0x0a), "UTF-8"],
    ["an escape sequence", Buffer.from('{"type":"message","properties":{"\\u001b[1m":1}}\n'), ""],
  ])("%s does not stop the next line, and is shown safely", async (_title, bad, says) => {
    const { code, summary, stderr } = await send(Buffer.concat([bad, Buffer.from(line())]));
    expect(summary).toMatchObject({ sent: 2 });
    expect(stderr).toMatch(/^warning: --from: skipped 1 invalid line/m);
    expect(stderr).toContain(says);
    expect(stderr).not.toContain("\u001b");
    expect(code).toBe(0);
  });

  test("without a valid message they are a usage error, with a summary last", async () => {
    const { code, summary, stderr } = await send('no\n{"type":"ready"}\n');
    expect(linesOf(stderr, "error")).toMatchObject([{ code: 2, name: "UsageError" }]);
    expect(stderr).toContain("warning: --from: skipped 1 invalid line");
    expect(summary).toMatchObject({ type: "summary", sent: 0, failed: 0, unsent: 0 });
    expect(code).toBe(2);
  });
});

test.each(["", "\n\n", '{"type":"ready"}\n{"type":"summary"}\n'])(
  "without any message there is nothing to send: %j",
  async (input) => {
    const { code, summary, stderr } = await send(input);
    expect(stderr).not.toMatch(/warning|error/);
    expect(summary).toMatchObject({ type: "summary", sent: 0, failed: 0, unsent: 0 });
    expect(code).toBe(0);
  },
);

test("an oversize message fails, and the others are sent", async () => {
  const big = line({ body: "x".repeat(700_000), messageId: "big" });
  const { code, summary, stderr } = await send([line(), big, line()].join("\n"));
  expect(summary).toMatchObject({ sent: 4, failed: 2, unsent: 0 });
  expect(linesOf(stderr, "failed")).toMatchObject([
    { n: 2, deviceId: "d", messageId: "big", name: "MessageTooLarge" },
    { n: 3, deviceId: "e", messageId: "big", name: "MessageTooLarge" },
  ]);
  expect(code).toBe(6);
});

test("a dry run fails an oversize message, too", async () => {
  const big = line({ body: "x".repeat(70_000) });
  const { code, stdout, summary } = await send([line(), big].join("\n"), "--dry-run");
  expect(linesOf(stdout, "message")).toHaveLength(2);
  expect(summary).toMatchObject({ sent: 0, failed: 2, unsent: 0 });
  expect(code).toBe(6);
});

test("a message that must not be sent exits with 2, and the summary counts the earlier ones", async () => {
  const { code, summary } = await send([line(), line({ deviceId: "e" }), line()].join("\n"));
  expect(summary).toMatchObject({ sent: 2, failed: 0, unsent: 0 });
  expect(code).toBe(2);
});

test("after an interruption, messages read but not accepted are unsent", async () => {
  const command = start("-", `${line()}\n${line()}\n`, "--interval", "1h");
  await command.waitFor("stdout", `"type":"sent"`);
  command.interrupt();
  const { code, stdout } = await command.ended;
  expect(linesOf(stdout, "summary")).toMatchObject([{ sent: 1, failed: 0, unsent: 1 }]);
  expect(code).toBe(130);
});

test.each([
  ["missing", "ENOENT"],
  [".", "EISDIR"],
])("a file that cannot be read (%s) starts no hub", async (path, says) => {
  const home = join(directory, "home");
  const options = { directory, env: { C2D_HOME: home } };
  const { code, stderr } = await run("c2d-send", ["--from", path, "-d", "d", "--local"], options);
  expect(stderr).toContain(says);
  expect(code).toBe(2);
  expect(existsSync(home)).toBe(false);
});

test("a file is read to its end", async () => {
  writeFileSync(join(directory, "lines"), `${line({ messageId: "1" })}\n${line()}`);
  const { code, stdout } = await start("lines").ended;
  expect(linesOf(stdout, "summary")).toMatchObject([{ sent: 4 }]);
  expect(code).toBe(0);
});

test("a dry run also reports what it skips", async () => {
  const { code, stdout, stderr } = await send(`no\n${line()}\n`, "--dry-run");
  expect(linesOf(stdout)).toHaveLength(3);
  expect(stderr).toContain("warning: --from: skipped 1 invalid line");
  expect(linesOf(stdout).at(-1)).toMatchObject({ type: "summary", sent: 0, failed: 0, unsent: 0 });
  expect(code).toBe(0);
});
