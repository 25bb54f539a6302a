export type StoreErrorName =
  | "StoreInUse"
  | "StoreDamaged"
  | "StoreTooNew"
  | "StoreFull"
  | "StoreDenied";

/** Why a store cannot be used. The store is always left unchanged. */
export class StoreError extends Error {
  override readonly name: StoreErrorName;

  constructor(name: StoreErrorName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}

export function storeInUse(directory: string, cause: unknown): StoreError {
  return new StoreError("StoreInUse", `The store in ${directory} is already open.`, { cause });
}

export function storeDamaged(directory: string, cause?: unknown): StoreError {
  const message = `The store in ${directory} is damaged; it was left unchanged.`;
  return new StoreError("StoreDamaged", message, { cause });
}

export function storeTooNew(directory: string, format: number): StoreError {
  const message = `The store in ${directory} has format ${format}, which was written by a newer version.`;
  return new StoreError("StoreTooNew", message);
}

/** StoreFull if the disk is full; otherwise the error itself. */
export function nameFullDisk(error: unknown, directory: string): unknown {
  if (!isOrCameOf(error, /^(ENOSPC|EDQUOT)$|No space left on device|Disk quota exceeded/)) {
    return error;
  }
  const message = `There is no space left on the disk of ${directory}.`;
  return new StoreError("StoreFull", message, { cause: error });
}

/** Like `nameFullDisk`, and StoreDenied if this user may not write to the disk or directory. */
export function nameDiskFault(error: unknown, directory: string): unknown {
  const named = nameFullDisk(error, directory);
  const words = /^(EACCES|EPERM|EROFS)$|Permission denied|Read-only file system/;
  if (named !== error || !isOrCameOf(error, words)) return named;
  const message = `This user has no permission to read and write the store in ${directory}.`;
  return new StoreError("StoreDenied", message, { cause: error });
}

/** Node reports a code; LevelDB a text, in the cause of another error. */
function isOrCameOf(error: unknown, words: RegExp): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return words.test(code) || words.test(error.message) || isOrCameOf(error.cause, words);
}
