import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { sharedDirectory } from "../../support/local-hub.ts";
import { type ExecutableName, run } from "../support/run-command.ts";

const COMPLETE_IN_ZSH = fileURLToPath(new URL("../support/complete-in-zsh.zsh", import.meta.url));
const EXECUTABLES: readonly ExecutableName[] = ["c2d-device", "c2d-send", "c2d-hub", "c2d-tools"];

const directory = sharedDirectory();

beforeAll(async () => {
  for (const name of EXECUTABLES) {
    for (const shell of ["bash", "zsh", "fish"]) {
      const { code, stdout, stderr } = await run(name, ["completion", shell], { directory });
      if (code !== 0 || stderr !== "") throw new Error(stderr);
      writeFileSync(scriptOf(name, shell), stdout);
    }
  }
});

function scriptOf(name: ExecutableName, shell: string): string {
  return join(directory, `${name}.${shell}`);
}

/** What bash offers for these words, with the cursor after the last. */
function complete(name: ExecutableName, ...words: readonly string[]): string[] {
  const program = `
    source "$1"; shift
    complete -p "$1" >/dev/null || exit 1
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _\${1//-/_} 2>/dev/null
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const args = ["-c", program, "bash", scriptOf(name, "bash"), name, ...words];
  const text = execFileSync("bash", args, { cwd: directory, encoding: "utf8" });
  return text.split("\n").filter((line) => line !== "");
}

describe("bash", () => {
  test.each<readonly [ExecutableName, readonly string[], readonly string[]]>([
    ["c2d-send", ["--w"], ["--wait"]],
    ["c2d-send", ["--ack", ""], ["none", "positive", "negative", "full"]],
    ["c2d-send", ["--ack", "=", "p"], ["positive"]],
    ["c2d-send", ["--ack", "="], ["none", "positive", "negative", "full"]],
    ["c2d-send", ["--auth-type", "l"], ["login"]],
    ["c2d-send", ["--transport", ""], ["amqp", "amqp-ws"]],
    ["c2d-send", ["--device-id", ""], []],
    ["c2d-send", ["--data", "completion", "--wai"], ["--wait"]],
    ["c2d-send", ["comp"], ["completion"]],
    ["c2d-send", ["completion", ""], ["bash", "zsh", "fish", "powershell", "-h", "--help"]],
    ["c2d-hub", ["sta"], ["start", "status"]],
    ["c2d-hub", ["env", "--format", "d"], ["dotenv"]],
    ["c2d-tools", ["hu"], ["hub"]],
    ["c2d-tools", ["send", "--ack", "p"], ["positive"]],
    ["c2d-tools", ["hub", "device", "cr"], ["create"]],
    ["c2d-hub", ["start", "--in"], ["--in-memory"]],
    ["c2d-hub", ["stop", "--in"], []],
    ["c2d-hub", ["device", "cr"], ["create"]],
    ["c2d-hub", ["device", "create", "-d", "show", "--sta"], ["--status"]],
    ["c2d-hub", ["purge", "-d", "device", "--lo"], ["--local", "--login"]],
    ["c2d-device", ["listen", "--settle", "a"], ["abandon"]],
    ["c2d-device", ["listen", "-o", "j"], ["json"]],
  ])("%s %j", (name, words, expected) => {
    expect(complete(name, ...words)).toEqual(expected);
  });

  test("a path is completed for options with a file value", () => {
    writeFileSync(join(directory, "with space.json"), "");
    expect(complete("c2d-send", "--data-file-path", "with")).toEqual(["with space.json"]);
  });
});

test.each(EXECUTABLES)("every flag in the help of %s is offered", async (name) => {
  const commands = {
    "c2d-send": [[]],
    "c2d-hub": [["start"]],
    "c2d-device": [["listen"]],
    "c2d-tools": [["hub", "start"], ["send"]],
  }[name];
  for (const command of commands) {
    const { stdout } = await run(name, [...command, "--help"], { directory });
    const shown = stdout.match(/^ {2}-[^ ,]+(, --[^ ]+)*(?=( <[^>]+>)? {2})/gm) ?? [];
    const flags = shown.flatMap((text) => text.trim().split(", "));
    expect(flags.length).toBeGreaterThan(5);
    expect(complete(name, ...command, "-")).toEqual(expect.arrayContaining(flags));
  }
});

const INSTALLED = new Set(["zsh", "fish"].filter(isInstalled));

function isInstalled(shell: string): boolean {
  const isThere = spawnSync(shell, ["--version"]).status === 0;
  if (!isThere) console.warn(`SKIPPED: ${shell} is not installed, its completion is not checked.`);
  return isThere;
}

describe.each(["zsh", "fish"])("%s", (shell) => {
  test.skipIf(!INSTALLED.has(shell)).each(EXECUTABLES)("accepts the script of %s", (name) => {
    const { status, stderr } = spawnSync(shell, ["-n", scriptOf(name, shell)], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
  });
});

/** What both shells offer after a line, in alphabetical order. */
const LINES: readonly (readonly [line: string, offered: readonly string[]])[] = [
  ["c2d-hub sta", ["start", "status"]],
  ["c2d-hub device ", ["connection-string", "create", "delete", "help", "list", "show", "update"]],
  ["c2d-hub device cr", ["create"]],
  ["c2d-hub device create --auth-m", ["--auth-method"]],
  ["c2d-hub device create -d show --sta", ["--status"]],
  ["c2d-hub purge -d device ", []],
  ["c2d-hub purge -d device --lo", ["--local", "--login"]],
  ["c2d-hub start --in-m", ["--in-memory"]],
  ["c2d-hub stop --in", []],
  ["c2d-hub env --format d", ["dotenv"]],
  ["c2d-hub completion z", ["zsh"]],
  ["c2d-send comp", ["completion"]],
  ["c2d-send completion ", ["bash", "fish", "powershell", "zsh"]],
  ["c2d-send --w", ["--wait"]],
  ["c2d-send --ack ", ["full", "negative", "none", "positive"]],
  ["c2d-send --data completion --wai", ["--wait"]],
  ["c2d-send --device-id ", []],
  ["c2d-tools hu", ["hub"]],
  ["c2d-tools hub device cr", ["create"]],
  ["c2d-tools send --ack ", ["full", "negative", "none", "positive"]],
  ["c2d-device ", ["completion", "help", "listen", "telemetry"]],
  ["c2d-device listen --settle a", ["abandon"]],
  ["c2d-device listen -o j", ["json"]],
];

describe("fish", () => {
  const offer = (line: string) =>
    execFileSync(
      "fish",
      [
        "-c",
        `source $argv[1]; complete -C $argv[2]`,
        scriptOf(line.split(" ")[0] as ExecutableName, "fish"),
        line,
      ],
      { encoding: "utf8", env: { PATH: process.env.PATH, HOME: directory } },
    )
      .split("\n")
      .map((entry) => entry.split("\t")[0])
      .filter((entry) => entry !== "");

  test.skipIf(!INSTALLED.has("fish")).each(LINES)("'%s' is completed by %j", (line, offered) => {
    expect(offer(line).sort()).toEqual(offered);
  });
});

describe("zsh", () => {
  /** On a pseudo-terminal, after a Tab. */
  const offer = (name: ExecutableName, lines: readonly string[]) =>
    execFileSync("zsh", ["-f", COMPLETE_IN_ZSH, directory, scriptOf(name, "zsh"), ...lines], {
      cwd: directory,
      encoding: "utf8",
      env: { PATH: process.env.PATH, HOME: directory, TERM: "xterm" },
      timeout: 120_000,
    })
      .replace(/\n$/, "")
      .split("\n")
      .map((line) => line.split("|").sort());

  test.skipIf(!INSTALLED.has("zsh")).each(EXECUTABLES)("%s", (name) => {
    const rows = LINES.filter(([line]) => line.startsWith(`${name} `));
    const offered = offer(
      name,
      rows.map(([line]) => line),
    );
    expect(rows.map(([line], row) => [line, offered[row]])).toEqual(
      rows.map(([line, words]) => [line, words.length === 0 ? [""] : words]),
    );
  });

  test.skipIf(!INSTALLED.has("zsh"))("completes values after '=' and paths", () => {
    writeFileSync(join(directory, "body of one.json"), "");
    expect(offer("c2d-send", ["c2d-send --ack=p", "c2d-send --dfp body"])).toEqual([
      ["positive"],
      ["body\\ of\\ one.json"],
    ]);
  });
});

test.each(EXECUTABLES)(
  "the script of %s for PowerShell has every command and flag",
  async (name) => {
    const { code, stdout } = await run(name, ["completion", "powershell"], { directory });
    expect(code).toBe(0);
    expect(stdout).toContain("Not yet tried");
    const bash = readFileSync(scriptOf(name, "bash"), "utf8");
    const words = new Set(bash.match(/(?<=,)--[a-z-]+(?=")/g));
    expect(words.size).toBeGreaterThan(5);
    for (const word of words) expect(stdout).toContain(`'${word}'`);
    // Every quote is closed, whatever the help says.
    for (const line of stdout.split("\n").filter((text) => text.startsWith("      @{ words"))) {
      expect(line.replace(/'(?:[^']|'')*'/g, "''")).toMatch(/^[\s@{}=();,$a-zA-Z']+$/);
    }
  },
);

test("an unsupported shell is a usage error", async () => {
  const wrong = await run("c2d-send", ["completion", "tcsh"], { directory });
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain("bash, zsh, fish, powershell");
});
