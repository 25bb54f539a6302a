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
/** As on /tmp: restricting such a directory to one user would break it for all others. */
const STICKY = 0o1000;

/** @throws HomeError HomeUnusable; StoreError StoreFull */
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

/** @throws HomeError HomeUnusable; changes nothing, for commands that only look for a hub. */
export function requireUsableHome(directory: string): void {
  const existing = nearestExisting(directory);
  if (existing === directory) {
    requireOwn(directory);
    return;
  }
  try {
    // Only an attempt shows it: root passes every access check, but cannot write in /proc.
    rmdirSync(mkdtempSync(join(existing, ".c2d-hub-")));
  } catch (error) {
    throw homeUnusable(directory, "created", error);
  }
}

/** Not `recursive`: Node 20 to 26 would retry forever in /proc. */
function makeDirectory(directory: string): void {
  if (existsSync(directory)) return;
  const parent = dirname(directory);
  if (parent !== directory) makeDirectory(parent);
  try {
    mkdirSync(directory, { mode: OWNER_ONLY_DIRECTORY });
  } catch (error) {
    // Another process may have created it in the meantime.
    if (!existsSync(directory)) throw error;
  }
}

function nearestExisting(path: string): string {
  const parent = dirname(path);
  // On Windows the drive itself may be missing.
  return existsSync(path) || parent === path ? path : nearestExisting(parent);
}

/** The directory contains private keys: no other user may read or replace them. */
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
