import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Debian installs it where only root's PATH looks. */
const DIRECTORIES = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"];

export function findMosquitto() {
  return DIRECTORIES.map((directory) => join(directory, "mosquitto")).find(isExecutable);
}

export function mosquittoVersion(path) {
  const { stdout } = spawnSync(path, ["-h"], { encoding: "utf8" });
  return /version (\S+)/.exec(stdout)?.[1] ?? "of an unknown version";
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
