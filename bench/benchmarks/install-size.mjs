import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { figure } from "../measuring/figures.mjs";
import { scriptOf } from "../measuring/programs.mjs";

export const description =
  "What an installation contains: this package and its dependencies, without those for development, as the lock file has them on this platform; the size on disk.";

const ROOT = scriptOf("");
const OWN_FOLDERS = ["bin", "dist"];
const BLOCK_BYTES = 512;

export async function measure() {
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  const dependencies = Object.entries(packages)
    .filter(([path, { dev }]) => path !== "" && !dev)
    .map(([path]) => join(ROOT, path))
    .filter((path) => existsSync(path));
  const own = OWN_FOLDERS.map((folder) => join(ROOT, folder));
  return [
    figure("packages", "packages", [dependencies.length]),
    figure("their size", "MiB", [mebibytesOf(dependencies)]),
    figure("this package", "MiB", [mebibytesOf(own)]),
  ];
}

function mebibytesOf(paths) {
  return paths.reduce((sum, path) => sum + bytesOf(path), 0) / 2 ** 20;
}

/** Packages within packages are counted on their own. */
function bytesOf(path) {
  const stats = lstatSync(path);
  if (!stats.isDirectory()) return stats.blocks * BLOCK_BYTES;
  const names = readdirSync(path).filter((name) => name !== "node_modules");
  return names.reduce((sum, name) => sum + bytesOf(join(path, name)), stats.blocks * BLOCK_BYTES);
}
