/** The directory where a local hub keeps its state, and how others find the hub that runs there. */

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

/** Files of a home directory. All but `caFile` are for its owner alone. */
export interface HomePaths {
  readonly directory: string;
  readonly caFile: string;
  readonly installationFile: string;
  readonly hubFile: string;
  readonly logFile: string;
  readonly storeDirectory: string;
}

/** What `hub.json` says of a running hub. */
export interface HubDescription {
  /** For connection strings of any SDK: with a port only where the standard ones are not served. */
  readonly hostName: string;
  /** `host:port` that serves every protocol, REST and WebSocket included. */
  readonly endpoint: string;
  /** The address it is bound to. */
  readonly host: string;
  readonly ports: readonly number[];
  readonly pid: number;
  readonly caFile: string;
  readonly connectionString: string;
  readonly eventHubConnectionString: string;
}

/** Where a running hub tells its owner of itself, over HTTPS. */
export const STATUS_PATH = "/$c2d/status";

const OWNER_ONLY_DIRECTORY = 0o700;
const OWNER_ONLY_FILE = 0o600;
const PUBLIC_FILE = 0o644;

/** How long a hub on this machine may take to accept a connection, in milliseconds. */
const ACCEPT_TIMEOUT_MS = 2000;

export function homePaths(directory: string): HomePaths {
  return {
    directory,
    caFile: join(directory, "ca.pem"),
    installationFile: join(directory, "installation.json"),
    hubFile: join(directory, "hub.json"),
    logFile: join(directory, "hub.log"),
    storeDirectory: join(directory, "store"),
  };
}

/** Makes the directory, for its owner alone. */
export function createHome(directory: string): HomePaths {
  mkdirSync(directory, { recursive: true, mode: OWNER_ONLY_DIRECTORY });
  chmodSync(directory, OWNER_ONLY_DIRECTORY);
  return homePaths(directory);
}

/** Writes a file whole or not at all: readers see the old content or the new. */
export function writeOwnerFile(path: string, content: string): void {
  writeWhole(path, content, OWNER_ONLY_FILE);
}

/** As `writeOwnerFile`, for what others may read. */
export function writePublicFile(path: string, content: string): void {
  writeWhole(path, content, PUBLIC_FILE);
}

function writeWhole(path: string, content: string, mode: number): void {
  const unfinished = `${path}.${process.pid}.tmp`;
  writeFileSync(unfinished, content, { mode });
  renameSync(unfinished, path);
}

export function writeHubDescription(paths: HomePaths, description: HubDescription): void {
  writeOwnerFile(paths.hubFile, `${JSON.stringify(description, null, 2)}\n`);
}

export function removeHubDescription(paths: HomePaths): void {
  rmSync(paths.hubFile, { force: true });
}

/** The hub that runs for this home; undefined when none does, or when what `hub.json` says is stale. */
export async function findRunningHub(directory: string): Promise<HubDescription | undefined> {
  const description = readHubDescription(homePaths(directory));
  if (description === undefined || !isProcessAlive(description.pid)) return undefined;
  return (await accepts(description)) ? description : undefined;
}

function readHubDescription({ hubFile }: HomePaths): HubDescription | undefined {
  if (!existsSync(hubFile)) return undefined;
  try {
    const description: unknown = JSON.parse(readFileSync(hubFile, "utf8"));
    return isHubDescription(description) ? description : undefined;
  } catch (error) {
    // A hub may stop between the two calls; a file that is no JSON describes no running hub.
    if (error instanceof SyntaxError || isMissing(error)) return undefined;
    throw error;
  }
}

function isHubDescription(value: unknown): value is HubDescription {
  if (typeof value !== "object" || value === null) return false;
  const { pid, host, ports, connectionString } = value as Partial<HubDescription>;
  return (
    Number.isInteger(pid) &&
    Number(pid) > 0 &&
    typeof host === "string" &&
    typeof connectionString === "string" &&
    Array.isArray(ports) &&
    ports.length > 0 &&
    ports.every(isPort)
  );
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user is alive too.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** A process id alone may belong to another program by now. */
function accepts({ host, ports }: HubDescription): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: ports[0] ?? 0, timeout: ACCEPT_TIMEOUT_MS });
    const finish = (isAccepted: boolean): void => {
      socket.destroy();
      resolve(isAccepted);
    };
    socket.once("connect", () => finish(true));
    socket.once("timeout", () => finish(false));
    socket.once("error", () => finish(false));
  });
}
