/** `listen --format` and `--raw`: what they write, where, and what they refuse. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryDirectory } from "../../../support/local-hub.ts";
import { run } from "../../support/run-command.ts";
import { hasTerminals, runOnTerminal } from "../../support/run-on-terminal.ts";
import { StartedHub } from "../../support/started-hub.ts";

let hub: StartedHub;

beforeAll(async () => {
  hub = await StartedHub.start();
});

afterAll(() => hub.stop());

const BYTES = Buffer.of(0xff, 0x00, 0x0a, 0x1b);

async function sendBytes(deviceId: string, ...bodies: readonly Buffer[]): Promise<void> {
  for (const body of bodies) {
    const data = ["--data", body.toString("hex"), "--data-encoding", "hex"];
    expect((await hub.send("-d", deviceId, ...data)).code).toBe(0);
  }
}

test("--format prints one line per message", async () => {
  const own = ["--count", "3", "--mid", "m{{n}}", "-p", "level=high", "-p", "a b=\u001b[31m"];
  await hub.send("-d", "lines", ...own, "--data", '{"a": [1]}', "--ct", "application/json");
  const template =
    "{{n}}\\t{{messageId}} {{properties.level}} {{properties.a b}} {{body}}{{userId}}";
  const { code, stdout, stderr } = await hub.run(
    "c2d-device",
    ...["listen", "-d", "lines", "--count", "3", "--format", template],
  );
  const rest = 'high \\u001b[31m {"a":[1]}';
  expect(stdout).toBe(`1\tm0 ${rest}\n2\tm1 ${rest}\n3\tm2 ${rest}\n`);
  expect(stderr).toContain("Waiting for C2D messages");
  expect(code).toBe(0);
});

test("{{json}} is the line that -o json prints", async () => {
  await hub.send("-d", "whole", "--mid", "m");
  const peek = ["listen", "-d", "whole", "--transport", "amqp", "--count", "1"];
  const json = await hub.run("c2d-device", ...peek, "--settle", "abandon", "-o", "json");
  const { stdout } = await hub.run("c2d-device", ...peek, "--format", "{{json}}");
  const stable = (text: string): unknown => ({
    ...(JSON.parse(text) as object),
    receivedAt: "",
    deliveryCount: 0,
  });
  expect(stable(stdout)).toEqual(stable(json.stdout.split("\n")[1] ?? ""));
});

test.each([
  ["a newline by default", [], "\n"],
  ["nothing", ["--separator", ""], ""],
  ["any text", ["--separator", "--\\0"], "--\0"],
])("--raw writes the bytes of each body, then %s", async (_what, args, separator) => {
  await sendBytes("raw", BYTES, Buffer.alloc(0), Buffer.from("text"));
  const listener = hub.spawn("c2d-device", "listen", "-d", "raw", "-c", "3", "--raw", ...args);
  expect((await listener.ended).code).toBe(0);
  const expected = [BYTES, Buffer.alloc(0), Buffer.from("text")].flatMap((body) => [
    body,
    Buffer.from(separator),
  ]);
  expect(listener.readers.stdout.bytes).toEqual(Buffer.concat(expected));
});

test("--output-file takes raw bytes and formatted lines, and appends", async () => {
  const file = join(hub.directory, "out");
  await sendBytes("file", BYTES, Buffer.from("b"));
  for (const shape of [["--raw"], ["--format", "{{body}}"]]) {
    const args = ["listen", "-d", "file", "-c", "1", "--output-file", file, ...shape];
    const { code, stdout } = await hub.run("c2d-device", ...args);
    expect(stdout).toBe("");
    expect(code).toBe(0);
  }
  expect(readFileSync(file)).toEqual(Buffer.concat([BYTES, Buffer.from("\nb\n")]));
});

test("a killed listener loses nothing: what was not written is delivered again", async () => {
  await hub.send("-d", "blocked", "--count", "3", "--data", "x", "--mid", "m{{n}}");
  const stuck = hub.spawn("c2d-device", "listen", "-d", "blocked", "--raw");
  stuck.readers.stdout.pause();
  await stuck.waitFor("stderr", "Waiting for C2D messages");
  await hub.reached("delivered", 3);
  stuck.interrupt();
  await stuck.ended;
  const again = ["listen", "-d", "blocked", "-c", "3", "--format", "{{messageId}}"];
  expect((await hub.run("c2d-device", ...again)).stdout).toBe("m0\nm1\nm2\n");
});

test.skipIf(!hasTerminals)("on a terminal raw bodies are made safe", async () => {
  await sendBytes("shown", Buffer.from("a\u001b[31m\r\nb"), Buffer.of(0xff, 0x9b));
  const args = ["listen", "--local", "-d", "shown", "-c", "2", "--raw", "-q"];
  const { screen } = await runOnTerminal("c2d-device", args, hub.options);
  expect(screen.replaceAll("\r\n", "\n")).toBe("a\\u001b[31m\\r\nb\n\ufffd\ufffd\n");
});

test.each([
  ["--format and --raw cannot be combined", ["--format", "{{body}}", "--raw"]],
  ["--format and -o json cannot be combined", ["--format", "{{body}}", "-o", "json"]],
  ["--raw and -o json cannot be combined", ["--raw", "--output", "json"]],
  ["--separator has no effect without --raw", ["--separator", ","]],
  ["--separator has no effect without --raw", ["--separator", ",", "--format", "{{n}}"]],
  ["{{mesageId}} is not a key of the JSON form", ["--format", "{{n}} {{mesageId}}"]],
  ["'{{messageId' has no closing }}", ["--format", "{{messageId"]],
])("%s: exit code 2, before anything else", async (says, args) => {
  const directory = temporaryDirectory();
  const home = join(directory, "home");
  const env = { C2D_HOME: home };
  for (const where of [["--local"], []]) {
    const options = { directory, env };
    const { code, stdout, stderr } = await run(
      "c2d-device",
      ["listen", ...args, ...where],
      options,
    );
    expect(stderr).toContain(says);
    expect(stdout).toBe("");
    expect(code).toBe(2);
    expect(existsSync(home)).toBe(false);
  }
});

test("the hint for an unknown key lists the known ones", async () => {
  const options = { directory: temporaryDirectory() };
  const { stderr } = await run("c2d-device", ["listen", "--format", "{{x}}"], options);
  expect(stderr).toMatch(/^hint: Keys: type, n, .*, properties\.<name>, json\.$/m);
});
