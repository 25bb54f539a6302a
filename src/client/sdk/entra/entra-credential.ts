/**
 * DefaultAzureCredential in a process group of its own, which can be killed.
 *
 * It ignores abort signals for work that it has started: it runs other programs (`az`, `azd`,
 * PowerShell), queries an address that most machines do not have, and retries, so a command that
 * has long reported its error would stay alive.
 */

import type { ChildProcess } from "node:child_process";
import { packageFile } from "../../../package-file.ts";
import type { EntraCredential, EntraToken } from "../../connection/service-sign-in.ts";
import { ClientError } from "../../errors/client-error.ts";
import { entraEnvironment } from "./authority.ts";
import type { EntraAnswer } from "./entra-process.ts";

const RENEW_BEFORE_MS = 5 * 60_000;

/** On Windows a group would have a console window. */
const HAS_GROUPS = process.platform !== "win32";

export class EntraProcessCredential implements EntraCredential {
  readonly #program: string;
  readonly #tokens = new Map<string, EntraToken>();

  constructor(program = packageFile("dist/entra-process.js")) {
    this.#program = program;
  }

  /**
   * @throws Error with the chain's own message; the signal's reason once that aborts; ClientError
   * PackageMissing.
   */
  async getToken(
    scope: string | string[],
    { abortSignal }: { readonly abortSignal?: AbortSignal } = {},
  ): Promise<EntraToken> {
    const key = Array.isArray(scope) ? scope.join(" ") : scope;
    const kept = this.#tokens.get(key);
    if (kept && kept.expiresOnTimestamp - Date.now() > RENEW_BEFORE_MS) return kept;
    const token = await askForToken(this.#program, key, abortSignal);
    this.#tokens.set(key, token);
    return token;
  }
}

async function askForToken(
  program: string,
  scope: string,
  signal: AbortSignal | undefined,
): Promise<EntraToken> {
  const { fork } = await import("node:child_process");
  signal?.throwIfAborted();
  const child = fork(program, {
    execArgv: [],
    env: entraEnvironment(),
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
    if (answer.type === "missing") throw identityMissing();
    throw Object.assign(new Error(answer.message), { name: answer.name });
  } finally {
    signal?.removeEventListener("abort", onAbort);
    end(child);
  }
}

function identityMissing(): ClientError {
  return new ClientError(
    "PackageMissing",
    "Signing in with Microsoft Entra ID needs the package @azure/identity, which is not installed.",
    {
      hint: "Install it where c2d-tools is: npm install @azure/identity, with -g if that is global.",
    },
  );
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
