import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sharedDirectory } from "../../support/local-hub.ts";
import { type ExecutableName, parseLines, run } from "../support/run-command.ts";

const EXECUTABLES = ["c2d-device", "c2d-send", "c2d-hub"] as const;
const COMMANDS = {
  "c2d-device": ["listen"],
  "c2d-send": [],
  "c2d-hub": ["status"],
} as const;
const KEY = "c2VjcmV0LWtleS1vZi10aGUtdGVzdA==";

const directory = sharedDirectory();

describe.each(EXECUTABLES)("%s", (name) => {
  test("--version prints the package's version", async () => {
    const path = new URL("../../../package.json", import.meta.url);
    const { version } = JSON.parse(readFileSync(path, "utf8")) as { version: string };
    const { code, stdout } = await run(name, ["--version"], { directory });
    expect(stdout).toBe(`${version}\n`);
    expect(code).toBe(0);
  });

  test("--help prints examples on stdout", async () => {
    const { code, stdout, stderr } = await run(name, ["--help"], { directory });
    expect(code).toBe(0);
    expect(stdout).toContain("Examples:");
    expect(stdout.match(/\$ c2d-/g)?.length).toBeGreaterThanOrEqual(2);
    expect(stderr).toBe("");
  });

  test("a mistyped option exits with 2 and suggests the nearest", async () => {
    const { code, stdout, stderr } = await run(name, ["--verson"], { directory });
    expect(stderr).toBe("error: unknown option '--verson'\nhint: Did you mean --version?\n");
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  // Node consumes --env-file anywhere, and exits if the file is missing.
  test.each([["--env-file", "vars.env"], ["--env-file=vars.env"]])(
    "%s suggests --dotenv instead of a similar flag",
    async (...flag) => {
      writeFileSync(join(directory, "vars.env"), "");
      const { code, stderr } = await run(name, [...COMMANDS[name], ...flag], { directory });
      expect(stderr).toBe(`error: unknown option '${flag[0]}'\nhint: Did you mean --dotenv?\n`);
      expect(code).toBe(2);
    },
  );

  test("an error is one line of JSON with -o json", async () => {
    const args = [...COMMANDS[name], "-o", "json", "--verbos"];
    const { code, stderr } = await run(name, args, { directory });
    expect(parseLines(stderr)).toEqual([
      {
        type: "error",
        code: 2,
        name: "UsageError",
        message: "unknown option '--verbos'",
        hint: "Did you mean --verbose?",
      },
    ]);
    expect(code).toBe(2);
  });

  test("a secret on a mistyped option is not shown", async () => {
    const { code, stderr } = await run(
      name,
      [`--lgoin=HostName=h;SharedAccessKeyName=service;SharedAccessKey=${KEY}`],
      { directory },
    );
    expect(stderr).toContain("SharedAccessKey=[secret]");
    expect(stderr).not.toContain(KEY);
    expect(code).toBe(2);
  });

  test("control characters of the command line do not reach the terminal", async () => {
    const { stderr } = await run(name, ["--\u001b[31mred"], { directory });
    expect(stderr).toContain("--\\u001b[31mred");
  });
});

test.each<readonly [ExecutableName, readonly string[]]>([
  ["c2d-device", []],
  ["c2d-device", ["lisen"]],
  ["c2d-device", ["listen", "extra"]],
  ["c2d-device", ["listen", "--count", "0"]],
  ["c2d-device", ["listen", "--count", "1.5"]],
  ["c2d-device", ["listen", "--timeout", "soon"]],
  ["c2d-device", ["listen", "--connect-timeout", "0"]],
  ["c2d-device", ["listen", "-o", "xml"]],
  ["c2d-device", ["listen", "-q", "-v"]],
  ["c2d-device", ["listen", "--local", "--settle", "reject"]],
  ["c2d-device", ["listen", "--count"]],
  ["c2d-send", ["extra"]],
  ["c2d-send", ["--local", "--data", "x", "--data-file-path", "y"]],
  ["c2d-send", ["--local", "--wait", "--ack", "none"]],
  ["c2d-send", ["--local", "--ack", "some"]],
  ["c2d-send", ["--local", "-p", "novalue"]],
  ["c2d-send", ["--local", "-p", "iothub-ack=full"]],
  ["c2d-send", ["--local", "--properties", "a=b;c"]],
  ["c2d-send", ["--local", "--expiry", "2001-01-01"]],
  ["c2d-send", ["--local", "--data", "{", "--content-type", "application/json"]],
  ["c2d-send", ["--local", "--data", "zz", "--data-encoding", "hex"]],
  ["c2d-send", ["--local", "--data-file-path", "missing"]],
  ["c2d-send", ["--local", "--device-file", "missing"]],
  ["c2d-send", ["--local", "--wait", "--message-id", ""]],
  ["c2d-send", ["--local", "--from", "-"]],
  ["c2d-send", ["--local", "--from", "-", "-d", "a", "--data", "x"]],
  ["c2d-send", ["--local", "--from", "-", "-d", "a", "--count", "2"]],
  ["c2d-hub", []],
  ["c2d-hub", ["start", "--port", "70000"]],
])("%s %j is a usage error, and starts nothing", async (name, args) => {
  const home = join(directory, "never");
  const { code, stdout, stderr } = await run(name, args, { directory, env: { C2D_HOME: home } });
  expect(stderr).toMatch(/^error: /);
  expect(stderr).not.toContain("    at ");
  expect(stdout).toBe("");
  expect(code).toBe(2);
  expect(() => readFileSync(join(home, "hub.log"))).toThrow("ENOENT");
});

test.each<readonly [ExecutableName, readonly string[], string]>([
  [
    "c2d-send",
    ["--count", "0"],
    "option '-c, --count <n>' argument '0' is invalid: it must be a whole number, 1 or more",
  ],
  [
    "c2d-send",
    ["-o", "a is invalid. B"],
    "option '-o, --output <format>' argument 'a is invalid. B' is invalid: allowed choices are text, json",
  ],
  [
    "c2d-hub",
    ["queue", "a", "b"],
    "too many arguments for 'queue': expected 0 arguments but got 2",
  ],
  [
    "c2d-hub",
    ["completion", "cmd."],
    "value 'cmd.' is invalid for argument 'shell': allowed choices are bash, zsh, fish, powershell",
  ],
  ["c2d-hub", ["--ends."], "unknown option '--ends.'"],
])("%s %j is one sentence, like every usage error", async (name, args, message) => {
  const { code, stderr } = await run(name, args, { directory });
  expect(stderr).toMatch(/^error: .*[^.]\nhint: /);
  expect(stderr).toContain(`error: ${message}\n`);
  expect(code).toBe(2);
});

describe("configuration", () => {
  test.each<readonly [ExecutableName, readonly string[]]>([
    ["c2d-device", ["listen"]],
    ["c2d-send", []],
  ])("%s %j without configuration lists the three options", async (name, args) => {
    const { code, stdout, stderr } = await run(name, args, { directory });
    expect(code).toBe(3);
    expect(stdout).toBe("");
    expect(stderr).toContain("CONNECTION_STRING");
    expect(stderr).toContain(".env");
    expect(stderr).toContain("--local");
  });

  test("all problems are reported, without secrets", async () => {
    const { code, stderr } = await run("c2d-send", ["--transport", "pigeon"], {
      directory,
      env: {
        IOTHUB_CONNECTION_STRING: `HostName=h;DeviceId=d;SharedAccessKey=${KEY}`,
        IOTHUB_CA_FILE: "missing.pem",
      },
    });
    expect(code).toBe(3);
    expect(stderr.match(/^error: /gm)).toHaveLength(4);
    expect(stderr).not.toContain(KEY);
  });

  test("with -o json an error is one line", async () => {
    const { code, stderr } = await run("c2d-device", ["listen", "--output=json"], { directory });
    expect(code).toBe(3);
    expect(parseLines(stderr)).toMatchObject([
      { type: "error", code: 3, name: "ConfigurationError" },
    ]);
  });

  test("two hubs at the same level are both named", async () => {
    const { code, stderr } = await run("c2d-send", ["--local", "--login", "HostName=h"], {
      directory,
    });
    expect(code).toBe(3);
    expect(stderr).toContain("--local and --login");
  });

  test("a file given by --dotenv must exist", async () => {
    const { code, stderr } = await run(
      "c2d-send",
      ["--local", "--dry-run", "--dotenv", "missing.env"],
      { directory },
    );
    expect(code).toBe(3);
    expect(stderr).toContain("--dotenv missing.env");
  });

  test(".env is read from the working directory", async () => {
    writeFileSync(join(directory, ".env"), `IOTHUB_CONNECTION_STRING="HostName=fromDotenv"\n`);
    const { code, stderr } = await run("c2d-send", ["-d", "d"], { directory });
    rmSync(join(directory, ".env"));
    expect(code).toBe(3);
    expect(stderr).toContain("IOTHUB_CONNECTION_STRING in ./.env");
  });
});

test("colour is used on terminals, and can be forced or disabled", async () => {
  const plain = await run("c2d-send", [], { directory });
  expect(plain.stderr).not.toContain("\u001b[");
  const forced = await run("c2d-send", [], { directory, env: { FORCE_COLOR: "1" } });
  expect(forced.stderr).toContain("\u001b[31merror:\u001b[39m");
  const refused = await run("c2d-send", ["--no-color"], { directory, env: { FORCE_COLOR: "1" } });
  expect(refused.stderr).not.toContain("\u001b[");
});
