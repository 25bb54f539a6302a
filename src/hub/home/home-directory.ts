/** The directory itself: made for its owner alone, or found to be one that cannot be used. */

import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmdirSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { nameFullDisk } from "../store/store-error.ts";
import { HomeError, homeUnusable } from "./home-error.ts";

const OWNER_ONLY_DIRECTORY = 0o700;
/** Of directories such as /tmp: restricting them to one user would break them for all others. */
const STICKY = 0o1000;

/**
 * Makes the directory, for its owner alone.
 *
 * @throws HomeError HomeUnusable; StoreError StoreFull
 */
export function makeHomeDirectory(directory: string): void {
  try {
    makeDirectory(directory);
  } catch (error) {
    throw nameFullDisk(homeUnusable(directory, "created", error), directory);
  }
  requireOwn(directory);
  try {
    chmodSync(directory, OWNER_ONLY_DIRECTORY);
  } catch (error) {
    throw homeUnusable(directory, "restricted to its owner", error);
  }
}

/**
 * For commands that only look for a hub: finds what would keep one from using the directory, and
 * changes nothing.
 *
 * @throws HomeError HomeUnusable
 */
export function requireUsableHome(directory: string): void {
  const existing = nearestExisting(directory);
  if (existing === directory) {
    requireOwn(directory);
    return;
  }
  try {
    // Only trying shows it: root passes every access check, and /proc takes no directory all the same.
    rmdirSync(mkdtempSync(join(existing, ".c2d-hub-")));
  } catch (error) {
    throw homeUnusable(directory, "created", error);
  }
}

/** Not `recursive`: for a directory that /proc does not take, Node 20 to 26 tries forever. */
function makeDirectory(directory: string): void {
  if (existsSync(directory)) return;
  const parent = dirname(directory);
  if (parent !== directory) makeDirectory(parent);
  try {
    mkdirSync(directory, { mode: OWNER_ONLY_DIRECTORY });
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!existsSync(directory)) throw error;
  }
}

/** The path itself, or what exists of the way to it. */
function nearestExisting(path: string): string {
  const parent = dirname(path);
  // A drive of Windows may be missing itself.
  return existsSync(path) || parent === path ? path : nearestExisting(parent);
}

/** The directory holds private keys: nobody else may be able to read or replace them. */
function requireOwn(directory: string): void {
  const stat = statSync(directory);
  if (!stat.isDirectory()) {
    throw new HomeError("HomeUnusable", `${directory} is not a directory.`);
  }
  if ((stat.mode & STICKY) !== 0) {
    throw new HomeError(
      "HomeUnusable",
      `${directory} is shared by all users (its sticky bit is set).`,
    );
  }
  const { uid } = stat;
  const user = process.geteuid?.();
  if (user !== undefined && uid !== user) {
    const message = `${directory} belongs to another user (id ${uid}; this process runs as ${user}).`;
    throw new HomeError("HomeUnusable", message);
  }
  try {
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw homeUnusable(directory, "read and written", error);
  }
}
