/** A full disk: files of the store are links to `/dev/full`. */

import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openLevelStore } from "../../../src/hub/store/level-store.ts";

const FULL = "/dev/full";
const isThere = existsSync(FULL);
if (!isThere) console.warn(`SKIPPED: there is no ${FULL} here; a full disk is not tried.`);

const MEGABYTE = 1024 * 1024;

function storeDirectory(): string {
  const parent = mkdtempSync(join(tmpdir(), "c2d-full-"));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  return join(parent, "store");
}

test.skipIf(!isThere)("a disk that fills up is reported as that, and not as damage", async () => {
  const directory = storeDirectory();
  const store = await openLevelStore(directory);
  // LevelDB begins a new log after some megabytes.
  for (let n = 4; n < 20; n++) {
    symlinkSync(FULL, join(directory, `${String(n).padStart(6, "0")}.log`));
  }
  const value = "x".repeat(MEGABYTE);
  const fill = async (): Promise<void> => {
    for (let n = 0; n < 20; n++) await store.write([{ type: "put", key: `k/${n}`, value }]);
  };
  await expect(fill()).rejects.toMatchObject({ name: "StoreFull" });
  await store.close().catch(() => {});
});

test.skipIf(!isThere)("so is one on which no store can be begun", async () => {
  const directory = storeDirectory();
  mkdirSync(directory);
  symlinkSync(FULL, join(directory, "MANIFEST-000001"));
  await expect(openLevelStore(directory)).rejects.toMatchObject({ name: "StoreFull" });
});
