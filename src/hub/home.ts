/** The directory where a local hub keeps its state, and how others find the hub that runs there. */

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
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
  /** A command with `--local` has started it. */
  readonly isBackground?: boolean;
  readonly caFile: string;
  readonly connectionString: string;
  readonly eventHubConnectionString: string;
}

/** Where a running hub tells its owner of itself, over HTTPS. */
export const STATUS_PATH = "/$c2d/status";

const OWNER_ONLY_DIRECTORY = 0o700;
const OWNER_ONLY_FILE = 0o600;
const PUBLIC_FILE = 0o644;

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

/**
 * The hub whose process runs, by what `hub.json` says; undefined when that is stale. Whether the hub
 * answers, and is the one meant, only a call to it can tell.
 */
export function readRunningHub(directory: string): HubDescription | undefined {
  const description = readHubDescription(homePaths(directory));
  return description && isProcessAlive(description.pid) ? description : undefined;
}

/** Differs for each time a hub has made itself known; undefined when none has. */
export function readHubMark(directory: string): string | undefined {
  const file = statSync(homePaths(directory).hubFile, { bigint: true, throwIfNoEntry: false });
  return file && `${file.ino} ${file.mtimeNs}`;
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
  const { pid, host, ports, caFile, endpoint, connectionString } = value as Partial<HubDescription>;
  return (
    Number.isInteger(pid) &&
    Number(pid) > 0 &&
    typeof host === "string" &&
    typeof endpoint === "string" &&
    typeof caFile === "string" &&
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
