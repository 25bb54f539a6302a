/** Who owns a store: one process, until it ends, however it ends. */

import { ClassicLevel } from "classic-level";
import { nameDiskFault, StoreError, storeDamaged, storeInUse } from "./store-error.ts";

export interface Ownership {
  release(): Promise<void>;
}

/**
 * Takes the ownership of a store without touching the store: opening it would already change its
 * files. An empty LevelDB beside it serves as the lock, for its lock goes with its process.
 *
 * @throws StoreError
 */
export async function acquireOwnership(directory: string): Promise<Ownership> {
  const lock = new ClassicLevel(`${directory}.owner`);
  try {
    await lock.open();
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (isLocked(cause)) throw storeInUse(directory, cause);
    throw nameDiskFault(storeDamaged(directory, cause ?? error), directory);
  }
  return { release: () => lock.close() };
}

/** Whether a process owns the store at this moment. */
export async function isOwned(directory: string): Promise<boolean> {
  try {
    await (await acquireOwnership(directory)).release();
    return false;
  } catch (error) {
    return error instanceof StoreError && error.name === "StoreInUse";
  }
}

/** True for the error with which LevelDB says that another process has a database open. */
export function isLocked(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "LEVEL_LOCKED";
}
