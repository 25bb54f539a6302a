import { fileURLToPath } from "node:url";

/** @param path From the root of this package. The bundles lie one folder below it, as this file does. */
export function packageFile(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}
