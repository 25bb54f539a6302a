/** The durable store: LevelDB, which also sees to it that one process owns it. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { GroupCommit } from "./group-commit.ts";
import { type Integrity, IntegritySum } from "./integrity.ts";
import type { Store, StoreChange } from "./store.ts";

/** Layout of keys and values. A store of another version is refused, never overwritten. */
const FORMAT_VERSION = 1;

/** The record that vouches for all others; no other key sorts before it. */
const SEAL_KEY = "!seal";

interface Seal extends Integrity {
  readonly format: number;
}

export type StoreErrorName = "StoreInUse" | "StoreDamaged" | "StoreTooNew";

export class StoreError extends Error {
  override readonly name: StoreErrorName;

  constructor(name: StoreErrorName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}

type Database = ClassicLevel<string, string>;

/**
 * Opens the store in this directory, making it if it is not there.
 *
 * @throws StoreError StoreInUse while another process has it; StoreDamaged; StoreTooNew.
 */
export async function openLevelStore(directory: string): Promise<Store> {
  const db = await openDatabase(directory);
  try {
    const { records, integrity } = await readAll(db, directory);
    return createStore(db, records, integrity);
  } catch (error) {
    await db.close();
    throw error;
  }
}

function createStore(db: Database, records: [string, unknown][], integrity: IntegritySum): Store {
  const commits = new GroupCommit((changes) => commit(db, changes, integrity));
  return {
    async *load() {
      yield* records.splice(0);
    },
    write: (changes) => commits.write(changes),
    async close() {
      await commits.idle();
      await db.close();
    },
  };
}

async function commit(
  db: Database,
  changes: readonly StoreChange[],
  integrity: IntegritySum,
): Promise<void> {
  const batch = db.batch();
  for (const change of changes) {
    if (change.type === "delete") {
      integrity.delete(change.key);
      batch.del(change.key);
    } else {
      const text = JSON.stringify(change.value);
      integrity.put(change.key, text);
      batch.put(change.key, text);
    }
  }
  batch.put(SEAL_KEY, seal(integrity));
  await batch.write({ sync: true });
}

async function openDatabase(directory: string): Promise<Database> {
  const isNew = isAbsent(directory);
  // LevelDB would make a new store over the remains of one that has lost its first file.
  if (!isNew && !existsSync(join(directory, "CURRENT"))) throw damaged(directory);
  const db: Database = new ClassicLevel(directory, { createIfMissing: isNew });
  try {
    await db.open();
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (hasCode(cause, "LEVEL_LOCKED")) {
      throw new StoreError("StoreInUse", `Another process has the store in ${directory} open.`, {
        cause,
      });
    }
    throw damaged(directory, cause ?? error);
  }
  return db;
}

/** True where LevelDB has never been: a first process may have left no more than its lock. */
function isAbsent(directory: string): boolean {
  if (!existsSync(directory)) return true;
  return readdirSync(directory).every((name) => name === "LOCK" || name.startsWith("LOG"));
}

async function readAll(db: Database, directory: string) {
  const records: [string, unknown][] = [];
  const integrity = new IntegritySum();
  let sealed: Seal | undefined;
  try {
    for await (const [key, text] of db.iterator()) {
      if (key === SEAL_KEY) {
        sealed = JSON.parse(text) as Seal;
        continue;
      }
      records.push([key, JSON.parse(text)]);
      integrity.put(key, text);
    }
  } catch (error) {
    throw damaged(directory, error);
  }
  if (sealed === undefined && records.length === 0) return { records, integrity };
  if (sealed !== undefined && sealed.format > FORMAT_VERSION)
    throw tooNew(directory, sealed.format);
  if (sealed === undefined || !integrity.matches(sealed)) throw damaged(directory);
  return { records, integrity };
}

function seal(integrity: IntegritySum): string {
  const value: Seal = { format: FORMAT_VERSION, ...integrity.value };
  return JSON.stringify(value);
}

function damaged(directory: string, cause?: unknown): StoreError {
  return new StoreError(
    "StoreDamaged",
    `The store in ${directory} is damaged; it is left as it is.`,
    { cause },
  );
}

function tooNew(directory: string, format: number): StoreError {
  return new StoreError(
    "StoreTooNew",
    `The store in ${directory} has format ${format}; this version reads up to ${FORMAT_VERSION}.`,
  );
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
