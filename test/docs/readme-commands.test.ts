/** Every command that README shows is run: the main ones for what they promise, the others for being understood. */

import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseLines, RunningExecutable, run } from "../cli/support/run-executable.ts";
import { codeBlocks, PAGES, ROOT, section, shownCommands } from "./pages.ts";

let directory: string;
let options: { readonly directory: string; readonly env: Record<string, string> };

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "c2d-readme-"));
  const bin = join(directory, "bin");
  mkdirSync(bin);
  for (const name of ["c2d-device", "c2d-send", "c2d-hub"]) {
    symlinkSync(join(ROOT, "bin", `${name}.js`), join(bin, name));
  }
  // In a clone npx finds the executables; here PATH does.
  symlinkSync("/usr/bin/env", join(bin, "npx"));
  copyFileSync(join(ROOT, ".env.example"), join(directory, ".env.example"));
  const env = { PATH: `${bin}:${process.env.PATH}`, C2D_HOME: join(directory, "home") };
  options = { directory, env: { ...env, NODE_PATH: join(ROOT, "node_modules") } };
});

afterEach(async () => {
  await run("c2d-hub", ["stop"], options);
  rmSync(directory, { recursive: true, force: true });
});

test("sixty seconds: two terminals, two messages", async () => {
  const [, listenBlock = "", sendBlock = ""] = blocksOf("Sixty seconds, no account");
  expect(listenBlock).toContain("c2d-device listen");
  const listening = shell(listenBlock);
  const sent = await shell(sendBlock).ended;
  expect(sent.stdout).toContain("Summary: 2 sent");
  expect(sent.code).toBe(0);
  await listening.waitFor("Total calls received: 2");
  listening.interrupt();
  expect((await listening.ended).code).toBe(0);
});

test("the two tools print what README shows", async () => {
  const [listenShown = "", sendShown = ""] = codeBlocks("README.md", ["console"]).map(
    withoutNumbers,
  );
  const [listenLine = "", sendLine = ""] = codeBlocks("README.md", ["console"]).map(
    (block) => block.split("\n")[0]?.slice(2) ?? "",
  );
  // Somebody has to take the two messages that the second command sends.
  const listening = shell(listenLine.replace("--count 1", "--count 2"));
  const sending = await shell(sendLine).ended;
  await listening.ended;
  expect(withoutNumbers(`$ ${sendLine}\n${sending.stdout}`)).toBe(sendShown);
  await run("c2d-send", ["--local", "--ack", "full"], options);
  const { stdout } = await shell(listenLine).ended;
  expect(withoutNumbers(`$ ${listenLine}\n${stdout.trimStart()}`)).toBe(listenShown);
});

test("your own code: the hub's variables, and the program beside them", async () => {
  const hub = new RunningExecutable("c2d-hub", ["start", "--port", "0", "-o", "json"], options);
  await hub.waitFor("stdout", `"type":"hub"`);
  const [, evalLine = ""] = blocksOf("Your own code against the local hub");
  const [program = ""] = codeBlocks("README.md", ["js"]);
  const use = `${program}client.open().then(() => client.close()).then(() => console.log("open"));`;
  const { code, stdout } = await shell(`${evalLine}node -e '${use}'`).ended;
  expect(stdout).toBe("open\n");
  expect(code).toBe(0);
});

test("against Azure: the commands, with the local hub's strings in place of Azure's", async () => {
  const hub = new RunningExecutable("c2d-hub", ["start", "--port", "0", "-o", "json"], options);
  await hub.waitFor("stdout", `"type":"hub"`);
  const { stdout } = await run("c2d-hub", ["env", "--format", "json"], options);
  const variables = JSON.parse(stdout) as Record<string, string>;
  const [block = ""] = blocksOf("Against Azure");
  const exports = block.split("\n").filter((line) => line.startsWith("export "));
  expect(exports.map((line) => line.split(/[ =]/)[1])).toEqual([
    "IOTHUB_DEVICE_CONNECTION_STRING",
    "IOTHUB_CONNECTION_STRING",
  ]);
  const [listenLine = "", sendLine = ""] = block
    .split("\n")
    .filter((line) => line.startsWith("c2d-"));
  const listening = shell(listenLine, variables);
  const sent = await shell(sendLine.replace("<device>", "device1"), variables).ended;
  expect(sent.stdout).toMatch(/^Summary: 2 sent, 2 success/m);
  expect(sent.code).toBe(0);
  listening.interrupt();
  expect((await listening.ended).code).toBe(0);
});

test("the CI smoke test passes, and has the message", async () => {
  const [block = ""] = blocksOf("CI smoke test");
  const { code } = await shell(`set -e\n${block}`).ended;
  expect(code).toBe(0);
  const received = parseLines(readFileSync(join(directory, "received.ndjson"), "utf8"));
  expect(received.at(-1)).toMatchObject({ type: "message", body: '{"smoke":true}' });
});

test("as a library: the program runs", async () => {
  const [program = ""] = codeBlocks("README.md", ["ts"]);
  const { code, stderr } = await shell(
    `cd '${ROOT}' && node --input-type=module --eval '${program.replaceAll("'", "'\\''")}'`,
  ).ended;
  expect(stderr).toBe("");
  expect(code).toBe(0);
});

// Without a hub: what a page shows of c2d-send is understood, quotes and all.
const SENDS = PAGES.filter((page) => page !== "docs/commands.md")
  .flatMap(shownCommands)
  .filter((command) => /^c2d-send .*--?\w/.test(command) && !/[…$]/.test(command));

test.each([...new Set(SENDS)])("%s", async (command) => {
  const withoutFiles = command.replace(
    /--(data-file-path|dfp|device-file|from|ca|env-file) \S+/,
    "",
  );
  const { code, stderr } = await shell(`${withoutFiles} --dry-run`, { C2D_LOCAL: "1" }).ended;
  expect(stderr).not.toContain("error:");
  expect(code).toBe(0);
});

function blocksOf(heading: string): readonly string[] {
  const blocks = section("README.md", heading).matchAll(/^```sh\n([\s\S]*?)^```$/gm);
  return [...blocks].map(([, code = ""]) => code);
}

/** Numbers, run ids and times differ from run to run. */
function withoutNumbers(output: string): string {
  return output
    .replace(/_[0-9a-f]{8}\b/g, "_RUN")
    .replace(/\d+(\.\d+)? (ms|s)\b/g, "TIME")
    .replace(/: \d+\.\d+\}/g, ": WIND}");
}

/** A shell with the executables on its PATH. */
function shell(script: string, variables: Readonly<Record<string, string>> = {}) {
  // As in a terminal, Ctrl-C is for the command; the shell goes on.
  const child = spawn("sh", ["-c", `trap : INT\n${script}`], {
    cwd: directory,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...options.env, HOME: directory, ...variables },
  });
  let stdout = "";
  let stderr = "";
  let onOutput = (): void => {};
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
    onOutput();
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>(
    (resolve, reject) => {
      child.on("error", reject).on("close", (code) => resolve({ code, stdout, stderr }));
    },
  );
  const seen = (wanted: string) =>
    new Promise<void>((resolve) => {
      onOutput = () => {
        if (stdout.includes(wanted)) resolve();
      };
      onOutput();
    });
  return {
    ended,
    waitFor: (wanted: string) => Promise.race([seen(wanted), ended]),
    interrupt: () => process.kill(-(child.pid ?? 0), "SIGINT"),
  };
}
