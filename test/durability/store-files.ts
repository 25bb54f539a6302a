import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openLevelStore } from "../../src/hub/store/level-store.ts";
import type { StoreChange } from "../../src/hub/store/store.ts";
import { temporaryDirectory } from "../support/local-hub.ts";

const RECORDS = 200;

export type Records = [key: string, value: unknown][];

/** A store opened twice, so that it has files of every kind; closed, or as after a kill. */
export async function createStoreFiles(ending: "closed" | "killed" = "closed"): Promise<string> {
  const directory = join(temporaryDirectory(), "store");
  const first = await openLevelStore(directory);
  for (let index = 0; index < RECORDS; index += 10) await first.write(someRecords(index));
  await first.close();
  const second = await openLevelStore(directory);
  for (let index = RECORDS; index < 2 * RECORDS; index += 10)
    await second.write(someRecords(index));
  // Awaited writes have reached the operating system: a copy is what a kill leaves.
  const killed = copyOf(directory);
  await second.close();
  return ending === "closed" ? directory : killed;
}

export function copyOf(directory: string): string {
  const copy = join(temporaryDirectory(), "store");
  cpSync(directory, copy, { recursive: true });
  return copy;
}

export async function readRecords(directory: string): Promise<Records> {
  const store = await openLevelStore(directory);
  const records: Records = [];
  for await (const [key, value] of store.load()) records.push([key, value]);
  await store.close();
  return records;
}

/** Names of the files of this kind, sorted. */
export function filesOf(directory: string, kind: RegExp): string[] {
  return readdirSync(directory)
    .filter((name) => kind.test(name))
    .sort();
}

export function flipByte(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(offset) ^ 0xff, offset);
  writeFileSync(path, bytes);
}

/** The digest of each file, except LevelDB's LOG and LOCK, which change whenever it is opened. */
export function digestsOf(directory: string): Record<string, string> {
  const names = readdirSync(directory).filter((name) => !/^(LOG|LOG.old|LOCK)$/.test(name));
  const digest = (name: string): string =>
    createHash("sha1")
      .update(readFileSync(join(directory, name)))
      .digest("hex");
  return Object.fromEntries(names.sort().map((name) => [name, digest(name)]));
}

/** A store as after a kill during a write, without its last bytes. */
export async function createBrokenOffStore(): Promise<string> {
  const directory = join(temporaryDirectory(), "store");
  const store = await openLevelStore(directory);
  await store.write(someRecords(0));
  const image = copyOf(directory);
  await store.write(someRecords(10));
  const [log = ""] = filesOf(directory, /^\d+\.log$/);
  const bytes = readFileSync(join(directory, log));
  await store.close();
  writeFileSync(join(image, log), bytes.subarray(0, bytes.length - 7));
  return image;
}

function someRecords(from: number): StoreChange[] {
  return Array.from({ length: 10 }, (_, index) => ({
    type: "put",
    key: `record/${String(from + index).padStart(5, "0")}`,
    value: { text: `value ${from + index}`.repeat(5) },
  }));
}
