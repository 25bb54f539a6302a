import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";

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

/**
 * Runs `sh -c command` in a process group of its own, until it has ended and closed its output. After
 * `timeoutMs`, the whole group is ended, by SIGTERM and a second later by SIGKILL.
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
  const killNow = (): void => kill(child, "SIGKILL");
  process.once("exit", killNow);
  let isTimedOut = false;
  let killing: NodeJS.Timeout | undefined;
  const timer = setTimeout(() => {
    isTimedOut = true;
    kill(child, "SIGTERM");
    killing = setTimeout(() => {
      killNow();
      // A process that has left the group may still hold them.
      child.stdout.destroy();
      child.stderr.destroy();
    }, KILL_GRACE_MS);
  }, timeoutMs);
  // A command need not read its input.
  child.stdin.on("error", () => {});
  child.stdin.end(stdin);
  const closed = once(child, "close") as Promise<[number | null, string | null]>;
  try {
    await Promise.all([forward(child.stdout, onStdout), forward(child.stderr, onStderr)]);
    const [exitCode, signal] = await closed;
    if (isTimedOut) return { type: "timedOut" };
    return exitCode === null
      ? { type: "killed", signal: String(signal) }
      : { type: "exited", exitCode };
  } catch (error) {
    if (isTimedOut && child.stdout.destroyed) return { type: "timedOut" };
    killNow();
    throw error;
  } finally {
    clearTimeout(timer);
    clearTimeout(killing);
    process.removeListener("exit", killNow);
  }
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

async function forward(stream: Readable, take: (chunk: Buffer) => Promise<void>): Promise<void> {
  for await (const chunk of stream) await take(chunk as Buffer);
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
