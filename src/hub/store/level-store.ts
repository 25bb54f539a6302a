/** The durable store: LevelDB, which also sees to it that one process owns it. */

import { ClassicLevel } from "classic-level";
import { GroupCommit } from "./group-commit.ts";
import type { Store, StoreChange } from "./store.ts";

/** Layout of keys and values. A store of another version is refused, never overwritten. */
const FORMAT_VERSION = 1;
const FORMAT_KEY = "format";

export type StoreErrorName = "StoreInUse" | "StoreDamaged" | "StoreTooNew";

export class StoreError extends Error {
  override readonly name: StoreErrorName;

  constructor(name: StoreErrorName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}

/**
 * Opens the store in this directory, making it if it is not there.
 *
 * @throws StoreError StoreInUse while another process has it; StoreDamaged; StoreTooNew.
 */
export async function openLevelStore(directory: string): Promise<Store> {
  const db = new ClassicLevel<string, unknown>(directory, { valueEncoding: "json" });
  await openDatabase(db, directory);
  await checkFormat(db, directory);
  const commits = new GroupCommit((changes) => db.batch(changes.map(toOperation), { sync: true }));
  return {
    async *load() {
      for await (const record of db.iterator()) {
        if (record[0] !== FORMAT_KEY) yield record;
      }
    },
    write: (changes) => commits.write(changes),
    async close() {
      await commits.idle();
      await db.close();
    },
  };
}

async function openDatabase(db: ClassicLevel<string, unknown>, directory: string): Promise<void> {
  try {
    await db.open();
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (hasCode(cause, "LEVEL_LOCKED")) {
      throw new StoreError("StoreInUse", `Another process has the store in ${directory} open.`, {
        cause,
      });
    }
    throw new StoreError("StoreDamaged", `The store in ${directory} cannot be read.`, { cause });
  }
}

async function checkFormat(db: ClassicLevel<string, unknown>, directory: string): Promise<void> {
  const version = await db.get(FORMAT_KEY);
  if (version === FORMAT_VERSION) return;
  if (version === undefined && (await isEmpty(db))) {
    await db.put(FORMAT_KEY, FORMAT_VERSION, { sync: true });
    return;
  }
  await db.close();
  if (typeof version === "number" && version > FORMAT_VERSION) {
    throw new StoreError(
      "StoreTooNew",
      `The store in ${directory} has format ${version}; this version of c2d-hub reads ${FORMAT_VERSION}.`,
    );
  }
  throw new StoreError("StoreDamaged", `The store in ${directory} has no readable format record.`);
}

async function isEmpty(db: ClassicLevel<string, unknown>): Promise<boolean> {
  for await (const _key of db.keys({ limit: 1 })) return false;
  return true;
}

function toOperation(change: StoreChange) {
  if (change.type === "put") return change;
  return { type: "del", key: change.key } as const;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
