import { setImmediate as nextCheck } from "node:timers/promises";

/** Resolves once Node has looked for input and signals that came in the meantime. */
export async function pollOnce(): Promise<void> {
  // Node looks between two of its check phases; the first may follow at once.
  await nextCheck();
  await nextCheck();
}
