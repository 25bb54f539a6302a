import { waitAtMost } from "../../async/within.ts";
import type { ServiceSignIn } from "../../client/connection/service-sign-in.ts";
import { RegistryClient } from "../../client/registry/registry-client.ts";
import { loadHubConfig } from "../../config/hub-config.ts";
import { parseHubConnectionString } from "../../core/connection-string.ts";
import { validateDeviceId } from "../../core/device-identity.ts";
import { readHomeFile, readRunningHub } from "../../hub/home/home.ts";
import { resolveLocalhostTo } from "../local/resolve-localhost.ts";
import { configInputs } from "../program/load-config.ts";
import type { Context } from "../program/run-program.ts";
import { EXIT_CODES, type ExitCode } from "../terminal/exit-code.ts";
import { readTypedFlags } from "./typed-flags.ts";

/** From the key to the offer half a second, of which the shell needs a little. */
const LIMIT_MS = 450;

const UNBOUNDED_MS = 60_000;

/** One a line; without a hub, an answer in time or permission none, and never an error. */
export async function printDeviceIds(
  words: readonly string[],
  { io, process }: Context,
): Promise<ExitCode> {
  const leftMs = process ? Math.max(0, LIMIT_MS - process.elapsedMs()) : UNBOUNDED_MS;
  const ids = await waitAtMost(
    leftMs,
    findDeviceIds(words, io, leftMs).catch(() => []),
  );
  await io.stdout.write((ids ?? []).map((id) => `${id}\n`).join(""));
  // A name that is still being resolved would keep the process alive.
  process?.exit(EXIT_CODES.done);
  return EXIT_CODES.done;
}

async function findDeviceIds(
  words: readonly string[],
  io: Context["io"],
  requestTimeoutMs: number,
): Promise<readonly string[]> {
  const hub = findHub(words, io);
  if (hub === undefined) return [];
  const client = new RegistryClient({ ...hub, requestTimeoutMs });
  try {
    const ids = (await client.list()).map(({ deviceId }) => deviceId);
    // They become words of a command line: a hub could send anything.
    return ids.filter(isDeviceId);
  } finally {
    client.close();
  }
}

function isDeviceId(text: string): boolean {
  try {
    validateDeviceId(text);
    return true;
  } catch {
    return false;
  }
}

interface Hub {
  readonly signIn: ServiceSignIn;
  readonly ca: string | undefined;
}

/** A local hub is not started; a login takes longer than there is time. */
function findHub(words: readonly string[], io: Context["io"]): Hub | undefined {
  const { hub, ca } = loadHubConfig(configInputs("c2d-hub", readTypedFlags(words), io));
  if (hub.type === "login") return undefined;
  if (hub.type === "remote") return { signIn: hub.connectionString, ca };
  const running = readRunningHub(hub.home);
  if (running === undefined) return undefined;
  resolveLocalhostTo(running);
  const owner = parseHubConnectionString(running.connectionString);
  return {
    signIn: { ...owner, hostName: running.endpoint },
    ca: readHomeFile(running.caFile),
  };
}
