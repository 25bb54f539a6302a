import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { PackagePath } from "./incompatible-package.ts";

export function installedVersion(path: PackagePath): string | undefined {
  try {
    let file = import.meta.url;
    for (const name of path) file = createRequire(file).resolve(`${name}/package.json`);
    const { version } = JSON.parse(readFileSync(file, "utf8")) as { readonly version?: string };
    return version;
  } catch {
    return undefined;
  }
}
