import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, statSync, truncateSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { describe, expect, it, onTestFinished } from "vitest";
import { openLevelStore } from "../../src/hub/store/level-store.ts";
import { temporaryDirectory } from "../support/local-hub.ts";
import {
  copyOf,
  createBrokenOffStore,
  createStoreFiles,
  digestsOf,
  filesOf,
  flipByte,
  type Records,
  readRecords,
} from "./store-files.ts";

/** Places in each file where a byte is flipped. */
const FLIPS = 12;

const KINDS = { table: /\.ldb$/, log: /^\d+\.log$/, manifest: /^MANIFEST-/, current: /^CURRENT$/ };

describe("a damaged store", () => {
  for (const [kind, pattern] of Object.entries(KINDS)) {
    it(`is refused, or loses nothing, when a byte of its ${kind} changes`, async () => {
      const directory = await createStoreFiles();
      const sound = await readRecords(copyOf(directory));
      const [name = ""] = filesOf(directory, pattern);
      const { size } = statSync(join(directory, name));
      const outcomes = [];
      for (let flip = 0; flip < Math.min(FLIPS, size); flip++) {
        const copy = copyOf(directory);
        flipByte(join(copy, name), Math.floor((size * flip) / FLIPS));
        outcomes.push(await outcomeOf(copy, sound));
      }
      expect(outcomes.filter((one) => one !== "sound" && one !== "StoreDamaged")).toEqual([]);
      expect(outcomes).toContain("StoreDamaged");
    });
  }

  it("is refused when its last record is damaged", async () => {
    const directory = await createStoreFiles("killed");
    const [log = ""] = filesOf(directory, KINDS.log);
    flipByte(join(directory, log), statSync(join(directory, log)).size - 5);
    await expect(openLevelStore(directory)).rejects.toMatchObject({ name: "StoreDamaged" });
  });

  for (const kind of ["current", "manifest", "table"] as const) {
    it(`is refused when its ${kind} file is missing`, async () => {
      const directory = await createStoreFiles();
      const [name = ""] = filesOf(directory, KINDS[kind]);
      rmSync(join(directory, name));
      await expect(openLevelStore(directory)).rejects.toMatchObject({ name: "StoreDamaged" });
    });
  }

  it("is refused every time, never opened as empty", async () => {
    const directory = await createStoreFiles("killed");
    const [log = ""] = filesOf(directory, KINDS.log);
    flipByte(join(directory, log), 2000);
    await expect(openLevelStore(directory)).rejects.toMatchObject({ name: "StoreDamaged" });
    await expect(openLevelStore(directory)).rejects.toMatchObject({ name: "StoreDamaged" });
  });

  it("is left unchanged, so that it can be repaired", async () => {
    const directory = await createStoreFiles("killed");
    const [log = ""] = filesOf(directory, KINDS.log);
    flipByte(join(directory, log), 2000);
    const before = digestsOf(directory);
    await expect(openLevelStore(directory)).rejects.toMatchObject({ name: "StoreDamaged" });
    expect(digestsOf(directory)).toEqual(before);
  });
});

describe("a store whose process was killed", () => {
  it("has every awaited write", async () => {
    const directory = await createStoreFiles("killed");
    expect(await readRecords(directory)).toHaveLength(400);
  });

  it("survives a partial write, with everything before it", async () => {
    const records = await readRecords(await createBrokenOffStore());
    expect(records).toHaveLength(10);
  });

  it("counts as damaged when an acknowledged write is truncated", async () => {
    const directory = await createStoreFiles("killed");
    const [log = ""] = filesOf(directory, KINDS.log);
    truncateSync(join(directory, log), statSync(join(directory, log)).size - 7);
    await expect(openLevelStore(directory)).rejects.toMatchObject({ name: "StoreDamaged" });
  });

  it("opens even if killed while LevelDB was creating it", async () => {
    const directory = join(temporaryDirectory(), "store");
    const db = new ClassicLevel(directory);
    await db.open();
    await db.close();
    for (const name of filesOf(directory, /^(CURRENT|.*\.log)$/)) rmSync(join(directory, name));
    const store = await openLevelStore(directory);
    await store.write([{ type: "put", key: "a", value: 1 }]);
    await store.close();
    expect(await readRecords(directory)).toEqual([["a", 1]]);
  });
});

describe("a store of a newer format", () => {
  it("is refused and left unchanged", async () => {
    const directory = await createNewerStore({ key: "future", text: '{"any":1}' });
    const before = digestsOf(directory);
    await expect(openLevelStore(directory)).rejects.toMatchObject({ name: "StoreTooNew" });
    expect(digestsOf(directory)).toEqual(before);
  });

  it("is refused as newer even if its records cannot be parsed", async () => {
    const directory = await createNewerStore({ key: "future", text: "not JSON" });
    await expect(openLevelStore(directory)).rejects.toMatchObject({ name: "StoreTooNew" });
  });
});

describe("a store in use", () => {
  it("is refused until the other process ends, even if it is killed", async () => {
    const directory = await createStoreFiles();
    const owner = spawnOwner(directory);
    await once(owner.stdout, "data");
    await expect(openLevelStore(directory)).rejects.toMatchObject({ name: "StoreInUse" });
    owner.kill("SIGKILL");
    await once(owner, "close");
    expect(await readRecords(directory)).toHaveLength(400);
  });

  it("is refused within the same process", async () => {
    const directory = await createStoreFiles();
    const store = await openLevelStore(directory);
    await expect(openLevelStore(directory)).rejects.toMatchObject({ name: "StoreInUse" });
    await store.close();
  });
});

async function outcomeOf(directory: string, sound: Records): Promise<string> {
  try {
    const records = await readRecords(directory);
    const isSound = JSON.stringify(records) === JSON.stringify(sound);
    return isSound ? "sound" : `opened with ${records.length} of ${sound.length} records`;
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

async function createNewerStore({ key, text }: { key: string; text: string }): Promise<string> {
  const directory = await createStoreFiles();
  const db = new ClassicLevel(directory);
  await db.put(key, text);
  await db.put("!seal", '{"format":3,"whatever":"it may hold"}');
  await db.close();
  return directory;
}

function spawnOwner(directory: string) {
  const module = createRequire(import.meta.url).resolve("classic-level");
  const script = `const { ClassicLevel } = require(process.argv[1]);
    new ClassicLevel(process.argv[2]).open().then(() => console.log("open"));
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ["-e", script, module, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => {
    owner.kill("SIGKILL");
  });
  return owner;
}
