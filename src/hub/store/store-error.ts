export type StoreErrorName =
  | "StoreInUse"
  | "StoreDamaged"
  | "StoreTooNew"
  | "StoreFull"
  | "StoreDenied";

/** Why a store cannot be had. Whatever the reason, the store is left as it is. */
export class StoreError extends Error {
  override readonly name: StoreErrorName;

  constructor(name: StoreErrorName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}

export function storeInUse(directory: string, cause: unknown): StoreError {
  return new StoreError("StoreInUse", `Another process has the store in ${directory} open.`, {
    cause,
  });
}

export function storeDamaged(directory: string, cause?: unknown): StoreError {
  const message = `The store in ${directory} is damaged; it was left unchanged.`;
  return new StoreError("StoreDamaged", message, { cause });
}

export function storeTooNew(directory: string, format: number): StoreError {
  const message = `The store in ${directory} has format ${format}, which was written by a newer version.`;
  return new StoreError("StoreTooNew", message);
}

/** The error of a full disk in place of whatever it has led to; any other error as it is. */
export function nameFullDisk(error: unknown, directory: string): unknown {
  if (!isOrCameOf(error, /^(ENOSPC|EDQUOT)$|No space left on device|Disk quota exceeded/)) {
    return error;
  }
  const message = `There is no space left on the disk of ${directory}.`;
  return new StoreError("StoreFull", message, { cause: error });
}

/** As `nameFullDisk`, and the same for a disk or directory that this user may not write to. */
export function nameDiskFault(error: unknown, directory: string): unknown {
  const named = nameFullDisk(error, directory);
  const words = /^(EACCES|EPERM|EROFS)$|Permission denied|Read-only file system/;
  if (named !== error || !isOrCameOf(error, words)) return named;
  const message = `This user has no permission to read and write the store in ${directory}.`;
  return new StoreError("StoreDenied", message, { cause: error });
}

/** Node names them by code; LevelDB in words, and its errors are the causes of others. */
function isOrCameOf(error: unknown, words: RegExp): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return words.test(code) || words.test(error.message) || isOrCameOf(error.cause, words);
}
