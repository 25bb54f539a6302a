export type StoreErrorName = "StoreInUse" | "StoreDamaged" | "StoreTooNew";

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
