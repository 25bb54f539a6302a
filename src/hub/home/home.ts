/** The directory where a local hub keeps its state, and how others find the hub that runs there. */

import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { nameFullDisk } from "../store/store-error.ts";
import { makeHomeDirectory } from "./home-directory.ts";
import { HomeError, homeDamaged, homeUnusable } from "./home-error.ts";

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
  /** How long it locks a message that a device has received, in milliseconds. */
  readonly lockTimeoutMs?: number;
  /** A command with `--local` has started it. */
  readonly isBackground?: boolean;
  readonly caFile: string;
  readonly connectionString: string;
  readonly eventHubConnectionString: string;
}

/** Paths of a running hub's own, over HTTPS and for its owner: what it tells of itself, and its end. */
export const STATUS_PATH = "/$c2d/status";
export const STOP_PATH = "/$c2d/stop";

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

/**
 * Makes the directory, for its owner alone.
 *
 * @throws HomeError HomeUnusable; StoreError StoreFull
 */
export function createHome(directory: string): HomePaths {
  makeHomeDirectory(directory);
  return homePaths(directory);
}

/**
 * Writes a file whole or not at all: readers see the old content or the new.
 *
 * @throws HomeError HomeUnusable; StoreError StoreFull
 */
export function writeOwnerFile(path: string, content: string): void {
  writeWhole(path, content, OWNER_ONLY_FILE);
}

/** As `writeOwnerFile`, for what others may read. */
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

/**
 * The content of a file of the home directory.
 *
 * @throws HomeError HomeUnusable
 */
export function readHomeFile(path: string): string {
  try {
    // Reading a pipe would wait for a writer.
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
 * The hub whose process runs, by what `hub.json` says; undefined when that is stale. Whether the hub
 * answers, and is the one meant, only a call to it can tell.
 *
 * @throws HomeError HomeUnusable when `hub.json` cannot be read.
 */
export function readRunningHub(directory: string): HubDescription | undefined {
  const description = readHubDescription(homePaths(directory));
  if (typeof description !== "object") return undefined;
  return isProcessAlive(description.pid) ? description : undefined;
}

/**
 * Differs for each time a hub has made itself known; undefined when none has.
 *
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

/**
 * Why `hub.json` describes no hub, though it is there: a power failure or another program has left
 * it so. A hub that starts replaces it.
 */
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
    // A process of another user is alive too.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Where a hub that listens on this address can be reached on this machine. */
export function connectableAddress(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}
