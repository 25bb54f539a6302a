/**
 * Every start checks all records in a copy, since LevelDB can neither open read-only nor refuse
 * what it cannot read (classic-level does not expose `paranoid_checks` or `verify_checksums`). On
 * two cores, opening takes 15 ms for an empty store, 0.2 s for 10 MB and 2.7 s for 200 MB; the
 * limits of the event log keep it far below that. Copying is 5% of it, the checksums 25%.
 * Without the checksum and the commit mark, records that LevelDB drops from a damaged log, or a
 * lost last commit, would go unnoticed.
 */

import { cpSync, existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { ClassicLevel } from "classic-level";
import { CommitMark, readCommitMark } from "./commit-mark.ts";
import { GroupCommit } from "./group-commit.ts";
import { IntegritySum } from "./integrity.ts";
import { acquireOwnership, isLocked, type Ownership } from "./ownership.ts";
import { formatSeal, isSupported, parseSeal, SEAL_KEY, type Seal } from "./seal.ts";
import type { Store, StoreChange } from "./store.ts";
import { nameDiskFault, StoreError, storeDamaged, storeInUse, storeTooNew } from "./store-error.ts";

type Database = ClassicLevel<string, string>;

interface Content {
  readonly records: [key: string, value: unknown][];
  readonly integrity: IntegritySum;
  readonly commits: number;
}

/** @throws StoreError StoreInUse, StoreDamaged, StoreTooNew, StoreFull, StoreDenied. */
export async function openLevelStore(directory: string): Promise<Store> {
  try {
    return await openOwned(directory, await acquireOwnership(directory));
  } catch (error) {
    throw nameDiskFault(error, directory);
  }
}

async function openOwned(directory: string, ownership: Ownership): Promise<Store> {
  try {
    const content = await readContent(directory);
    const db = await openDatabase(directory, directory);
    return createStore(directory, { db, content, mark: new CommitMark(directory), ownership });
  } catch (error) {
    await ownership.release();
    throw error;
  }
}

interface StoreParts {
  readonly db: Database;
  readonly content: Content;
  readonly mark: CommitMark;
  readonly ownership: Ownership;
}

function createStore(directory: string, { db, content, mark, ownership }: StoreParts): Store {
  const { records, integrity, commits } = content;
  let commit = commits;
  let isOpen = true;
  const groups = new GroupCommit(async (changes) => {
    commit += 1;
    try {
      await writeBatch(db, changes, integrity, commit);
      mark.write(commit);
    } catch (error) {
      throw nameDiskFault(error, directory);
    }
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
      await ownership.release();
    },
  };
}

async function writeBatch(
  db: Database,
  changes: Iterable<StoreChange>,
  integrity: IntegritySum,
  commit: number,
): Promise<void> {
  const batch = db.batch();
  for (const change of changes) {
    if (change.type === "put") {
      const text = JSON.stringify(change.value);
      integrity.put(change.key, text);
      batch.put(change.key, text);
    } else if (integrity.delete(change.key)) batch.del(change.key);
  }
  batch.put(SEAL_KEY, formatSeal(integrity.value, commit));
  await batch.write({ sync: true });
}

/** In a copy: LevelDB repairs what it opens, and would delete what it cannot read. */
async function readContent(directory: string): Promise<Content> {
  if (isAbsent(directory)) return { records: [], integrity: new IntegritySum(), commits: 0 };
  // LevelDB would create a new store over the remains of one that has lost its first file.
  if (!existsSync(join(directory, "CURRENT"))) throw storeDamaged(directory);
  const copy = `${directory}.check`;
  rmSync(copy, { recursive: true, force: true });
  try {
    cpSync(directory, copy, { recursive: true, filter: (path) => basename(path) !== "LOCK" });
    const db = await openDatabase(copy, directory);
    const content = await readAll(db, directory).finally(() => db.close());
    if (content.commits < readCommitMark(directory)) throw storeDamaged(directory);
    return content;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** @param directory Named in errors. */
async function openDatabase(path: string, directory: string): Promise<Database> {
  const db: Database = new ClassicLevel(path);
  try {
    await db.open();
    return db;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    throw isLocked(cause) ? storeInUse(directory, cause) : storeDamaged(directory, cause ?? error);
  }
}

/** A killed first start may have left its first files. */
function isAbsent(directory: string): boolean {
  if (!existsSync(directory)) return true;
  if (!statSync(directory).isDirectory()) throw storeDamaged(directory);
  return !readdirSync(directory).some((name) => /^(CURRENT|COMMITS)$|\.(ldb|log)$/.test(name));
}

async function readAll(db: Database, directory: string): Promise<Content> {
  const records: [string, unknown][] = [];
  const integrity = new IntegritySum();
  let seal: Seal | undefined;
  try {
    for await (const [key, text] of db.iterator()) {
      if (key === SEAL_KEY) {
        seal = parseSeal(text);
        if (!isSupported(seal)) throw storeTooNew(directory, seal.format);
      } else {
        records.push([key, JSON.parse(text)]);
        integrity.put(key, text);
      }
    }
  } catch (error) {
    throw error instanceof StoreError ? error : storeDamaged(directory, error);
  }
  const isSound = seal === undefined ? records.length === 0 : integrity.matches(seal);
  if (!isSound) throw storeDamaged(directory);
  return { records, integrity, commits: seal?.commit ?? 0 };
}
