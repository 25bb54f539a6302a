/** Bad input of `c2d-hub monitor-events`: refused before anything is started. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { temporaryDirectory } from "../../../support/local-hub.ts";
import { type CommandOptions, type Ended, run } from "../../support/run-command.ts";

const EVENT_HUB =
  "Endpoint=sb://localhost:1/;SharedAccessKeyName=p;SharedAccessKey=c2VjcmV0;EntityPath=e";

let options: CommandOptions;
let home: string;

beforeEach(() => {
  const directory = temporaryDirectory();
  home = join(directory, "home");
  options = { directory, env: { C2D_HOME: home } };
});

async function refuse(...args: readonly string[]): Promise<Ended> {
  const ended = await run("c2d-hub", ["monitor-events", ...args], options);
  expect(ended.stdout).toBe("");
  expect(existsSync(home)).toBe(false);
  return ended;
}

test.each([
  ["a time that is none", ["--enqueued-time", "yesterday"], 2, "epoch milliseconds"],
  ["a time there is not", ["--enqueued-time", "2026-13-45"], 2, "epoch milliseconds"],
  ["a consumer group that cannot be", ["--consumer-group", "a/b"], 2, "1 to 50 letters"],
  ["no events", ["--count", "0"], 2, "1 or more"],
  ["a timeout that is none", ["--timeout", "soon"], 2, "seconds, or 200ms"],
  ["a property without a value", ["--property", "level"], 2, "'level' has no '='"],
  ["a property without a name", ["--property", "=high"], 2, "the name before '=' is empty"],
  ["a property given twice", ["-p", "a=1", "-p", "a=2"], 2, "'a' is given twice"],
  ["an unknown key", ["--format", "{{messageid}}"], 2, "{{messageid}} is not a key"],
  ["a key of messages only", ["--format", "{{duplicate}}"], 2, "annotations.<name>, json."],
  ["two shapes", ["--format", "{{body}}", "--raw"], 2, "cannot be combined"],
  ["raw JSON", ["--raw", "-o", "json"], 2, "cannot be combined"],
  ["a separator of lines", ["--separator", ",", "--format", "{{body}}"], 2, "without --raw"],
  ["an operand", ["device1"], 2, "too many arguments"],
  ["a misspelt option", ["--consumer-grup", "x"], 2, "Did you mean --consumer-group?"],
  ["an invalid device id", ["-d", "a/b"], 3, "not a valid device id"],
  ["a pattern that matches no id", ["-d", "a/*"], 3, "not a valid device id"],
  ["an escape that is none", ["-d", "a\\b*"], 3, "not a valid device id"],
  ["a transport for devices only", ["--transport", "mqtt"], 3, "must be one of amqp, amqp-ws"],
  ["a hub by two flags", ["--event-hub", EVENT_HUB], 3, "both name a hub"],
])("%s is refused", async (_what, args, code, says) => {
  const ended = await refuse("--local", ...args);
  expect(ended.stderr).toContain(says);
  expect(ended.code).toBe(code);
});

test("without configuration it exits with 3", async () => {
  const ended = await refuse();
  expect(ended.stderr).toContain("no hub is configured");
  expect(ended.code).toBe(3);
});

test("a hub's connection string is refused as an event hub's", async () => {
  const own = "HostName=h;SharedAccessKeyName=p;SharedAccessKey=c2VjcmV0";
  const ended = await refuse("--event-hub", own);
  expect(ended.stderr).toContain("Pass a hub connection string with --login");
  expect(ended.stderr).not.toContain("c2VjcmV0");
  expect(ended.code).toBe(3);
});
