/**
 * DefaultAzureCredential in a process group of its own, which can be killed.
 *
 * It ignores abort signals for work that it has started: it runs other programs (`az`, `azd`,
 * PowerShell), queries an address that most machines do not have, and retries, so a command that
 * has long reported its error would stay alive.
 */

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { EntraCredential, EntraToken } from "../../connection/service-sign-in.ts";
import type { EntraAnswer } from "./entra-process.ts";

const PROGRAM = fileURLToPath(
  new URL("../../../../dist/client/sdk/entra/entra-process.js", import.meta.url),
);

const RENEW_BEFORE_MS = 5 * 60_000;

/** On Windows a group would have a console window. */
const HAS_GROUPS = process.platform !== "win32";

export class EntraProcessCredential implements EntraCredential {
  readonly #tokens = new Map<string, EntraToken>();

  /** @throws Error with the chain's own message; the signal's reason once that aborts. */
  async getToken(
    scope: string | string[],
    { abortSignal }: { readonly abortSignal?: AbortSignal } = {},
  ): Promise<EntraToken> {
    const key = Array.isArray(scope) ? scope.join(" ") : scope;
    const kept = this.#tokens.get(key);
    if (kept && kept.expiresOnTimestamp - Date.now() > RENEW_BEFORE_MS) return kept;
    const token = await askForToken(key, abortSignal);
    this.#tokens.set(key, token);
    return token;
  }
}

async function askForToken(scope: string, signal: AbortSignal | undefined): Promise<EntraToken> {
  signal?.throwIfAborted();
  const child = fork(PROGRAM, {
    execArgv: [],
    detached: HAS_GROUPS,
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  // The caller that waits for the token keeps the process alive and limits the wait.
  child.unref();
  child.channel?.unref();
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal?.reason as Error);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
  try {
    child.send(scope);
    const answer = await Promise.race([answerOf(child), aborted]);
    if (answer.type === "token") return answer;
    throw Object.assign(new Error(answer.message), { name: answer.name });
  } finally {
    signal?.removeEventListener("abort", onAbort);
    end(child);
  }
}

function answerOf(child: ChildProcess): Promise<EntraAnswer> {
  return new Promise((resolve, reject) => {
    child.once("message", (answer) => resolve(answer as EntraAnswer));
    child.once("error", reject);
    child.once("exit", (code, by) => {
      reject(new Error(`The process that requests the token exited without one (${by ?? code}).`));
    });
  });
}

function end(child: ChildProcess): void {
  if (child.connected) child.disconnect();
  if (child.pid === undefined) return;
  try {
    if (HAS_GROUPS) process.kill(-child.pid, "SIGKILL");
    else child.kill("SIGKILL");
  } catch {
    // It has already exited.
  }
}
