/** The durable store: LevelDB, which also sees to it that one process owns it. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { CommitMark, readCommitMark } from "./commit-mark.ts";
import { GroupCommit } from "./group-commit.ts";
import { IntegritySum } from "./integrity.ts";
import { formatSeal, isSupported, parseSeal, SEAL_KEY, type Seal } from "./seal.ts";
import type { Store, StoreChange } from "./store.ts";

export type StoreErrorName = "StoreInUse" | "StoreDamaged" | "StoreTooNew";

export class StoreError extends Error {
  override readonly name: StoreErrorName;

  constructor(name: StoreErrorName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}

type Database = ClassicLevel<string, string>;

interface Content {
  readonly records: [key: string, value: unknown][];
  readonly integrity: IntegritySum;
  /** How many commits have been made. */
  readonly commits: number;
}

/**
 * Opens the store in this directory, making it if it is not there.
 *
 * @throws StoreError StoreInUse while another process has it; StoreDamaged; StoreTooNew.
 */
export async function openLevelStore(directory: string): Promise<Store> {
  const db = await openDatabase(directory);
  try {
    const content = await readAll(db, directory);
    return createStore(db, content, new CommitMark(directory));
  } catch (error) {
    await db.close();
    throw error;
  }
}

function createStore(
  db: Database,
  { records, integrity, commits }: Content,
  mark: CommitMark,
): Store {
  let commit = commits;
  let isOpen = true;
  const groups = new GroupCommit(async (changes) => {
    commit += 1;
    await writeBatch(db, changes, integrity, commit);
    mark.write(commit);
  });
  return {
    async *load() {
      yield* records.splice(0);
    },
    write: (changes) => groups.write(changes),
    async close() {
      if (!isOpen) return;
      isOpen = false;
      await groups.idle();
      await db.close();
      mark.close();
    },
  };
}

async function writeBatch(
  db: Database,
  changes: readonly StoreChange[],
  integrity: IntegritySum,
  commit: number,
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
  batch.put(SEAL_KEY, formatSeal(integrity.value, commit));
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

async function readAll(db: Database, directory: string): Promise<Content> {
  const records: [string, unknown][] = [];
  const integrity = new IntegritySum();
  let seal: Seal | undefined;
  try {
    for await (const [key, text] of db.iterator()) {
      if (key === SEAL_KEY) {
        seal = parseSeal(text);
        if (!isSupported(seal)) throw tooNew(directory, seal);
      } else {
        records.push([key, JSON.parse(text)]);
        integrity.put(key, text);
      }
    }
  } catch (error) {
    throw error instanceof StoreError ? error : damaged(directory, error);
  }
  const commits = seal?.commit ?? 0;
  const isSound = seal === undefined ? records.length === 0 : integrity.matches(seal);
  if (!isSound || commits < readCommitMark(directory)) throw damaged(directory);
  return { records, integrity, commits };
}

function damaged(directory: string, cause?: unknown): StoreError {
  return new StoreError(
    "StoreDamaged",
    `The store in ${directory} is damaged; it is left as it is.`,
    { cause },
  );
}

function tooNew(directory: string, { format }: Seal): StoreError {
  return new StoreError(
    "StoreTooNew",
    `The store in ${directory} has format ${format}, which a newer version wrote.`,
  );
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
