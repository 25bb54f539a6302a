/** The directory with a local hub's state, and the discovery of the hub that runs there. */

import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { nameFullDisk } from "../store/store-error.ts";
import { makeHomeDirectory } from "./home-directory.ts";
import { HomeError, homeDamaged, homeUnusable } from "./home-error.ts";

/** All but `caFile` are readable by the owner only. */
export interface HomePaths {
  readonly directory: string;
  readonly caFile: string;
  readonly installationFile: string;
  readonly pageFile: string;
  readonly hubFile: string;
  readonly logFile: string;
  readonly storeDirectory: string;
}

/** The content of `hub.json`. */
export interface HubDescription {
  /** For connection strings; with a port only if the standard ports are not served. */
  readonly hostName: string;
  /** `host:port` that serves every protocol, REST and WebSocket included. */
  readonly endpoint: string;
  readonly host: string;
  readonly ports: readonly number[];
  readonly pid: number;
  readonly lockTimeoutMs?: number;
  /** Address of its page, without the key; absent if it has none. */
  readonly ui?: string;
  /** Started by a command with `--local`. */
  readonly isBackground?: boolean;
  readonly caFile: string;
  readonly connectionString: string;
  readonly eventHubConnectionString: string;
}

export const STATUS_PATH = "/$c2d/status";
/** The queued messages. */
export const QUEUE_PATH = "/$c2d/queue";
/** What has happened. */
export const LOG_PATH = "/$c2d/log";
export const STOP_PATH = "/$c2d/stop";

const OWNER_ONLY_FILE = 0o600;
const PUBLIC_FILE = 0o644;

export function homePaths(directory: string): HomePaths {
  return {
    directory,
    caFile: join(directory, "ca.pem"),
    installationFile: join(directory, "installation.json"),
    pageFile: join(directory, "page.json"),
    hubFile: join(directory, "hub.json"),
    logFile: join(directory, "hub.log"),
    storeDirectory: join(directory, "store"),
  };
}

/** @throws HomeError HomeUnusable; StoreError StoreFull */
export function createHome(directory: string): HomePaths {
  makeHomeDirectory(directory);
  return homePaths(directory);
}

/**
 * Atomically: readers see the old content or the new.
 * @throws HomeError HomeUnusable; StoreError StoreFull
 */
export function writeOwnerFile(path: string, content: string): void {
  writeWhole(path, content, OWNER_ONLY_FILE);
}

export function writePublicFile(path: string, content: string): void {
  writeWhole(path, content, PUBLIC_FILE);
}

function writeWhole(path: string, content: string, mode: number): void {
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(unfinished, content, { mode });
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw nameFullDisk(homeUnusable(path, "written", error), dirname(path));
  }
}

/** @throws HomeError HomeUnusable */
export function readHomeFile(path: string): string {
  try {
    // Reading a pipe would block until there is a writer.
    if (!statSync(path).isFile()) throw new Error("not a file");
    return readFileSync(path, "utf8");
  } catch (error) {
    throw homeUnusable(path, "read", error);
  }
}

export function writeHubDescription(paths: HomePaths, description: HubDescription): void {
  writeOwnerFile(paths.hubFile, `${JSON.stringify(description, null, 2)}\n`);
}

/** @throws HomeError HomeUnusable */
export function removeHubDescription({ hubFile }: HomePaths): void {
  try {
    rmSync(hubFile, { force: true });
  } catch (error) {
    throw homeUnusable(hubFile, "removed", error);
  }
}

/**
 * Undefined if `hub.json` is stale. Only a request shows whether it is the right hub, and responds.
 * @throws HomeError HomeUnusable when `hub.json` cannot be read.
 */
export function readRunningHub(directory: string): HubDescription | undefined {
  const description = readHubDescription(homePaths(directory));
  if (typeof description !== "object") return undefined;
  return isProcessAlive(description.pid) ? description : undefined;
}

/**
 * Changes whenever a hub writes `hub.json`; undefined if there is none.
 * @throws HomeError HomeUnusable
 */
export function readHubMark(directory: string): string | undefined {
  const { hubFile } = homePaths(directory);
  try {
    const file = statSync(hubFile, { bigint: true, throwIfNoEntry: false });
    return file && `${file.ino} ${file.mtimeNs}`;
  } catch (error) {
    throw homeUnusable(hubFile, "read", error);
  }
}

/** As after a power failure. The next start of a hub replaces the file. */
export function findHubFileDamage(directory: string): HomeError | undefined {
  const paths = homePaths(directory);
  if (readHubDescription(paths) !== "damaged") return undefined;
  return homeDamaged(paths.hubFile, "it does not describe a hub");
}

function readHubDescription({ hubFile }: HomePaths): HubDescription | "damaged" | undefined {
  if (!existsSync(hubFile)) return undefined;
  try {
    const description: unknown = JSON.parse(readHomeFile(hubFile));
    return isHubDescription(description) ? description : "damaged";
  } catch (error) {
    if (error instanceof SyntaxError) return "damaged";
    // A hub may stop between the two calls.
    if (error instanceof HomeError && isMissing(error.cause)) return undefined;
    throw error;
  }
}

const TEXT_FIELDS = [
  "hostName",
  "endpoint",
  "host",
  "caFile",
  "connectionString",
  "eventHubConnectionString",
] as const satisfies (keyof HubDescription)[];

function isHubDescription(value: unknown): value is HubDescription {
  if (typeof value !== "object" || value === null) return false;
  const description = value as Partial<HubDescription>;
  const { pid, ports } = description;
  return (
    Number.isInteger(pid) &&
    Number(pid) > 0 &&
    TEXT_FIELDS.every((field) => typeof description[field] === "string") &&
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

export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process exists, but belongs to another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** For clients on this machine. */
export function connectableAddress(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}
