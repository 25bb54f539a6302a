/** The interface of a store: keys and values, no rules. */

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
  /** Every record, by key in order. */
  load(): AsyncIterable<readonly [key: string, value: unknown]>;
  /**
   * Writes all of these changes or none. Resolves once they are durable; changes become durable in
   * order. After a failure, all later ones fail.
   */
  write(changes: readonly StoreChange[]): Promise<void>;
  close(): Promise<void>;
}
