export type StoreErrorName = "StoreInUse" | "StoreDamaged" | "StoreTooNew" | "StoreFull";

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
  const message = `The store in ${directory} is damaged; it is left as it is.`;
  return new StoreError("StoreDamaged", message, { cause });
}

export function storeTooNew(directory: string, format: number): StoreError {
  const message = `The store in ${directory} has format ${format}, which a newer version wrote.`;
  return new StoreError("StoreTooNew", message);
}

/** The error of a full disk in place of whatever it has led to; any other error as it is. */
export function nameFullDisk(error: unknown, directory: string): unknown {
  if (!isOfFullDisk(error)) return error;
  const message = `There is no space left on the disk of the store in ${directory}.`;
  return new StoreError("StoreFull", message, { cause: error });
}

/** LevelDB tells it in words, and its errors are the causes of others. */
function isOfFullDisk(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const isOwn = "code" in error && error.code === "ENOSPC";
  return isOwn || /No space left on device/.test(error.message) || isOfFullDisk(error.cause);
}
