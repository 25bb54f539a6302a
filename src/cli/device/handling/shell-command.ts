import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { waitAtMost } from "../../../async/within.ts";
import { CommandClock } from "./command-clock.ts";
import { ForwardedOutput } from "./forwarded-output.ts";

export type CommandEnd =
  | { readonly type: "exited"; readonly exitCode: number }
  | { readonly type: "killed"; readonly signal: string }
  | { readonly type: "timedOut" }
  | { readonly type: "notStarted"; readonly reason: string };

export interface ShellCommandOptions {
  readonly directory: string;
  readonly env: Record<string, string | undefined>;
  readonly stdin: Uint8Array;
  readonly timeoutMs: number;
  /** Reading pauses until it resolves. If it rejects, the command is killed. */
  onStdout(chunk: Buffer): Promise<void>;
  onStderr(chunk: Buffer): Promise<void>;
}

/** For a command that is told to end. */
export const KILL_GRACE_MS = 1000;

/** For output that is still in its pipe when a command exits. */
const DRAIN_MS = 250;

/**
 * Runs `sh -c command` in a process group of its own, until it has exited; what it leaves behind may
 * keep its output open. After `timeoutMs`, the whole group is ended, by SIGTERM and a second later
 * by SIGKILL. Time in which its output is not taken does not count.
 *
 * @throws whatever `onStdout` or `onStderr` throw.
 */
export async function runShellCommand(
  command: string,
  { directory, env, stdin, timeoutMs, onStdout, onStderr }: ShellCommandOptions,
): Promise<CommandEnd> {
  const child = spawn("sh", ["-c", command], { cwd: directory, env, detached: true });
  const started = await hasStarted(child);
  if (started !== true) return { type: "notStarted", reason: started };
  let isKilling = false;
  const killNow = (): void => {
    if (isKilling || isRunning(child)) kill(child, "SIGKILL");
  };
  process.once("exit", killNow);
  const clock = new CommandClock();
  const timedOut = new Promise<"timedOut">((resolve) => {
    clock.start(timeoutMs, () => resolve("timedOut"));
  });
  // A command need not read its input.
  child.stdin.on("error", () => {});
  child.stdin.end(stdin);
  const outputs = [
    new ForwardedOutput(child.stdout, (chunk) => clock.during(() => onStdout(chunk))),
    new ForwardedOutput(child.stderr, (chunk) => clock.during(() => onStderr(chunk))),
  ];
  const outputEnded = Promise.all(outputs.map(({ ended }) => ended));
  const exited = exitOf(child);
  const closed = outputEnded.then(() => exited);
  try {
    const end = await Promise.race([exited, timedOut, closed]);
    if (end === "timedOut") {
      isKilling = true;
      kill(child, "SIGTERM");
      if (!(await waitAtMost(KILL_GRACE_MS, closed))) killNow();
      return { type: "timedOut" };
    }
    const drained = new Promise<void>((resolve) => clock.start(DRAIN_MS, resolve));
    await Promise.race([outputEnded, drained.then(() => nextTurn())]);
    await Promise.all(outputs.map(({ taken }) => taken));
    return end;
  } catch (error) {
    killNow();
    throw error;
  } finally {
    clock.stop();
    for (const output of outputs) output.cut();
    process.removeListener("exit", killNow);
  }
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

async function exitOf(child: ChildProcess): Promise<CommandEnd> {
  const [exitCode, signal] = (await once(child, "exit")) as [number | null, string | null];
  return exitCode === null
    ? { type: "killed", signal: String(signal) }
    : { type: "exited", exitCode };
}

/** True, or the reason. */
async function hasStarted(child: ChildProcess): Promise<true | string> {
  try {
    await once(child, "spawn");
    return true;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A group is gone once all its processes are. */
function kill({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
