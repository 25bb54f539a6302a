/** Held by one process until it exits, even if it is killed. */

import { ClassicLevel } from "classic-level";
import { nameDiskFault, StoreError, storeDamaged, storeInUse } from "./store-error.ts";

export interface Ownership {
  release(): Promise<void>;
}

/**
 * Opening a store would change its files. An empty LevelDB next to it serves as the lock, because
 * its lock is released when the process ends.
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

export async function isOwned(directory: string): Promise<boolean> {
  try {
    await (await acquireOwnership(directory)).release();
    return false;
  } catch (error) {
    return error instanceof StoreError && error.name === "StoreInUse";
  }
}

export function isLocked(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "LEVEL_LOCKED";
}
