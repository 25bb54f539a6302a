/** `help`, the command. */

import { describe, expect, test } from "vitest";
import { sharedDirectory } from "../../support/local-hub.ts";
import { type ExecutableName, parseLines, run } from "../support/run-command.ts";

const directory = sharedDirectory();

test.each<readonly [ExecutableName, readonly string[], readonly string[]]>([
  ["c2d-hub", ["help"], ["--help"]],
  ["c2d-hub", ["help", "queue"], ["queue", "--help"]],
  ["c2d-hub", ["help", "device"], ["device", "--help"]],
  ["c2d-hub", ["help", "device", "update"], ["device", "update", "--help"]],
  ["c2d-hub", ["device", "help"], ["device", "--help"]],
  ["c2d-hub", ["device", "help", "update"], ["device", "update", "--help"]],
  ["c2d-hub", ["help", "help"], ["help", "--help"]],
  ["c2d-device", ["help", "listen"], ["listen", "--help"]],
  ["c2d-send", ["help"], ["--help"]],
  ["c2d-send", ["help", "completion"], ["completion", "--help"]],
  ["c2d-tools", ["help", "device", "listen"], ["device", "listen", "--help"]],
])("%s %j prints the same as %j", async (name, args, same) => {
  const { code, stdout, stderr } = await run(name, args, { directory });
  expect(stdout).toBe((await run(name, same, { directory })).stdout);
  expect(stdout).toMatch(/^Usage: /);
  expect([code, stderr]).toEqual([0, ""]);
});

describe("a mistyped command is a usage error", () => {
  test.each<readonly [ExecutableName, readonly string[], string, string]>([
    ["c2d-hub", ["help", "queu"], "unknown command 'queu'", "Did you mean queue?"],
    ["c2d-hub", ["help", "device", "updat"], "unknown command 'updat'", "Did you mean update?"],
    ["c2d-hub", ["device", "help", "updat"], "unknown command 'updat'", "Did you mean update?"],
    ["c2d-hub", ["help", "devise", "update"], "unknown command 'devise'", "Did you mean device?"],
    ["c2d-hub", ["help", "xyzzy"], "unknown command 'xyzzy'", "Run with --help to list"],
    ["c2d-hub", ["help", "__device-ids"], "unknown command '__device-ids'", "Run with --help"],
    ["c2d-hub", ["help", "constructor"], "unknown command 'constructor'", "Run with --help"],
    ["c2d-hub", ["help", "--", "--local"], "unknown command '--local'", "Run with --help"],
    [
      "c2d-hub",
      ["help", "queue", "bodies"],
      "unknown command 'bodies'",
      "c2d-hub queue has no commands.",
    ],
    ["c2d-hub", ["help", "--foo"], "unknown option '--foo'", "Run with --help"],
    ["c2d-device", ["help", "lissten"], "unknown command 'lissten'", "Did you mean listen?"],
    ["c2d-send", ["hepl"], "unknown command 'hepl'", "Did you mean help?"],
    ["c2d-send", ["xyzzy"], "unknown command 'xyzzy'", "Run with --help to list"],
    ["c2d-send", ["help", "foo"], "unknown command 'foo'", "Run with --help"],
    ["c2d-send", ["help", "complet"], "unknown command 'complet'", "Did you mean completion?"],
    ["c2d-tools", ["help", "snd"], "unknown command 'snd'", "Did you mean send?"],
    ["c2d-tools", ["help", "hub", "queu"], "unknown command 'queu'", "Did you mean queue?"],
  ])("%s %j", async (name, args, message, hint) => {
    const { code, stdout, stderr } = await run(name, args, { directory });
    expect(stderr).toContain(`error: ${message}\nhint: ${hint}`);
    expect([code, stdout]).toEqual([2, ""]);
  });

  test("with -o json too", async () => {
    const { code, stderr } = await run("c2d-hub", ["help", "-o", "json", "queu"], { directory });
    expect(parseLines(stderr)).toMatchObject([{ type: "error", code: 2, name: "UsageError" }]);
    expect(code).toBe(2);
  });
});

test.each<readonly [ExecutableName, readonly string[]]>([
  ["c2d-hub", ["--help"]],
  ["c2d-hub", ["device", "--help"]],
  ["c2d-send", ["--help"]],
])("%s %j lists it like the others", async (name, args) => {
  const { stdout } = await run(name, args, { directory });
  expect(stdout).toMatch(/^ {2}help \[command\.\.\.] {2,}Print the help of a command\.$/m);
});

test("its words are completed", async () => {
  const { stdout } = await run("c2d-hub", ["completion", "bash"], { directory });
  expect(stdout).toMatch(/help.*start stop status/);
});
