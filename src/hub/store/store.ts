/** A value is encoded as JSON when it is written, and must not change before. */
export type StoreChange =
  | { readonly type: "put"; readonly key: string; readonly value: unknown }
  | { readonly type: "delete"; readonly key: string };

export function put(key: string, value: unknown): StoreChange {
  return { type: "put", key, value };
}

export function remove(key: string): StoreChange {
  return { type: "delete", key };
}

export interface Store {
  /** Then nothing needs to be written. */
  readonly keepsNothing?: true;
  /** In order of their keys. */
  load(): AsyncIterable<readonly [key: string, value: unknown]>;
  /** All or none. Resolves once durable, in order. After a failure, all later ones fail. */
  write(changes: readonly StoreChange[]): Promise<void>;
  close(): Promise<void>;
}
