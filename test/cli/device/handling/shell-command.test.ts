import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runShellCommand } from "../../../../src/cli/device/handling/shell-command.ts";
import { temporaryDirectory } from "../../../support/local-hub.ts";

async function run(
  command: string,
  { stdin = "", timeoutMs = 100_000, env = {} as Record<string, string> } = {},
) {
  const output = { stdout: "", stderr: "" };
  const end = await runShellCommand(command, {
    directory: temporaryDirectory(),
    env: { PATH: process.env.PATH, ...env },
    stdin: Buffer.from(stdin),
    timeoutMs,
    onStdout: async (chunk) => {
      output.stdout += chunk;
    },
    onStderr: async (chunk) => {
      output.stderr += chunk;
    },
  });
  return { end, ...output };
}

const exited = (exitCode: number) => ({ type: "exited", exitCode });

describe("a command", () => {
  test("gets its input and its environment, and nothing else", async () => {
    const { end, stdout } = await run('cat; echo "$A"; env | grep -c SECRET', {
      stdin: "body",
      env: { A: "$(id)" },
    });
    expect(stdout).toBe("body$(id)\n0\n");
    expect(end).toEqual(exited(1));
  });

  test("need not read its input", async () => {
    expect((await run("exit 0", { stdin: "x".repeat(300_000) })).end).toEqual(exited(0));
  });

  test.each([
    ["exit 3", exited(3)],
    ["no-such-program-anywhere", exited(127)],
    ["kill -9 $$", { type: "killed", signal: "SIGKILL" }],
  ])("%s", async (command, end) => {
    expect((await run(command)).end).toEqual(end);
  });

  test("without a shell is not started", async () => {
    const end = await runShellCommand("true", {
      directory: "/no/such/directory",
      env: {},
      stdin: Buffer.of(),
      timeoutMs: 1000,
      onStdout: async () => {},
      onStderr: async () => {},
    });
    expect(end).toEqual({ type: "notStarted", reason: expect.stringContaining("ENOENT") });
  });

  test("ends with its shell, whatever it leaves behind", async () => {
    const { end, stdout } = await run("sleep 1000 & echo $!", { timeoutMs: 5000 });
    const pid = Number(stdout);
    expect(end).toEqual(exited(0));
    expect(isRunning(pid)).toBe(true);
    process.kill(pid);
  });

  test("may leave behind what goes on printing, which is dropped", async () => {
    const path = join(temporaryDirectory(), "printed");
    const { end, stdout } = await run(
      `(head -c 300000 /dev/zero; sleep 0.5; head -c 300000 /dev/zero && echo done > ${path}) & echo $!`,
    );
    expect(end).toEqual(exited(0));
    expect(stdout).toContain("\n");
    await expect.poll(() => existsSync(path)).toBe(true);
  });

  test("that leaves behind what prints without end, ends", async () => {
    const { end, stdout, stderr } = await run("yes & echo $! >&2; sleep 0.1");
    process.kill(Number(stderr));
    expect(end).toEqual(exited(0));
    expect(stdout).toContain("y\n");
  });
});

describe("a command that takes too long is ended", () => {
  test.each([
    ["that prints without end", "yes >&2"],
    ["that waits", "sleep 1000"],
    ["with its children", "sleep 1000 & sleep 1000; echo never"],
    ["that ignores SIGTERM", "trap '' TERM; while :; do sleep 1000; done"],
    ["with one that has left its process group", "setsid sleep 5 & sleep 1000"],
  ])("%s", async (_, command) => {
    const { end, stdout } = await run(command, { timeoutMs: 50 });
    expect(end).toEqual({ type: "timedOut" });
    expect(stdout).toBe("");
  });
});

test("time in which its output is not taken does not count", async () => {
  let bytes = 0;
  const end = await runShellCommand("head -c 300000 /dev/zero", {
    directory: temporaryDirectory(),
    env: { PATH: process.env.PATH },
    stdin: Buffer.of(),
    timeoutMs: 1000,
    async onStdout(chunk) {
      if (bytes === 0) await new Promise((resolve) => setTimeout(resolve, 2000));
      bytes += chunk.length;
    },
    onStderr: async () => {},
  });
  expect(end).toEqual(exited(0));
  expect(bytes).toBe(300_000);
});

test("a command is ended when its output cannot be written", async () => {
  const pids: number[] = [];
  const running = runShellCommand("echo $$; sleep 1000", {
    directory: temporaryDirectory(),
    env: { PATH: process.env.PATH },
    stdin: Buffer.of(),
    timeoutMs: 100_000,
    async onStdout(chunk) {
      pids.push(Number(chunk));
      throw new Error("disk full");
    },
    onStderr: async () => {},
  });
  await expect(running).rejects.toThrow("disk full");
  await expect.poll(() => isRunning(pids[0] ?? 0)).toBe(false);
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
