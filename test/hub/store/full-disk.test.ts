/** A full disk: files of the store are links to `/dev/full`. */

import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openLevelStore } from "../../../src/hub/store/level-store.ts";
import { temporaryDirectory } from "../../support/local-hub.ts";

const FULL = "/dev/full";
const hasFullDevice = existsSync(FULL);
if (!hasFullDevice)
  console.warn(`SKIPPED: there is no ${FULL} on this system; a full disk is not tested.`);

const MEGABYTE = 1024 * 1024;

test.skipIf(!hasFullDevice)("a full disk is reported as StoreFull, not as damage", async () => {
  const directory = join(temporaryDirectory(), "store");
  const store = await openLevelStore(directory);
  // LevelDB starts a new log after some megabytes.
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

test.skipIf(!hasFullDevice)(
  "a disk too full to create a store is reported as StoreFull",
  async () => {
    const directory = join(temporaryDirectory(), "store");
    mkdirSync(directory);
    symlinkSync(FULL, join(directory, "MANIFEST-000001"));
    await expect(openLevelStore(directory)).rejects.toMatchObject({ name: "StoreFull" });
  },
);
