/** Installs the opponents that are no dependencies of the package, once for each lock file. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("../opponents/", import.meta.url));
const FILES = ["package.json", "package-lock.json", ".npmrc"];

/** The directory, or undefined without a registry: then their figures are missing. */
export function installOpponents() {
  const lock = readFileSync(join(SOURCE, "package-lock.json"));
  const version = createHash("sha256").update(lock).digest("hex").slice(0, 12);
  const directory = join(cacheDirectory(), "c2d-tools-bench", version);
  if (existsSync(join(directory, "node_modules", ".package-lock.json"))) return directory;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const file of FILES) copyFileSync(join(SOURCE, file), join(directory, file));
  try {
    const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
    execFileSync("npm", args, { cwd: directory, shell: process.platform === "win32" });
    return directory;
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    console.error(`NOT INSTALLED: the opponents of bench/opponents (${error.message})`);
    return undefined;
  }
}

function cacheDirectory() {
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches");
  const variable = process.platform === "win32" ? "LOCALAPPDATA" : "XDG_CACHE_HOME";
  return process.env[variable] || join(homedir(), ".cache");
}
