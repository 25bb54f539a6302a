import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openLevelStore } from "../../src/hub/store/level-store.ts";

const KILOBYTE = 1024;

/** A disk of this size; undefined, and said so, where this user may not have one. */
function mountSmallDisk(kilobytes: number): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), "c2d-small-disk-"));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", directory], {
      stdio: "ignore",
    });
  } catch {
    remove();
    process.stderr.write("SKIPPED: a full disk is tested where tmpfs may be mounted (as root).\n");
    return undefined;
  }
  onTestFinished(() => {
    execFileSync("umount", ["-l", directory], { stdio: "ignore" });
    remove();
  });
  return directory;
}

test("a disk that is full is told as that, and not as damage", async (context) => {
  const disk = mountSmallDisk(2 * KILOBYTE);
  if (disk === undefined) return context.skip();
  const store = await openLevelStore(join(disk, "store"));
  const value = "x".repeat(100 * KILOBYTE);
  const fill = async (): Promise<void> => {
    for (let n = 0; n < 100; n++) await store.write([{ type: "put", key: `k/${n}`, value }]);
  };
  await expect(fill()).rejects.toMatchObject({ name: "StoreFull" });
  await store.close().catch(() => {});
  await expect(openLevelStore(join(disk, "store"))).rejects.toMatchObject({ name: "StoreFull" });
});

test("so is one on which no store can be begun", async (context) => {
  const disk = mountSmallDisk(16);
  if (disk === undefined) return context.skip();
  writeFileSync(join(disk, "filler"), Buffer.alloc(12 * KILOBYTE));
  await expect(openLevelStore(join(disk, "store"))).rejects.toMatchObject({ name: "StoreFull" });
});
