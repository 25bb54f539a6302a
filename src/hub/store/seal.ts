/** Part of every commit; it verifies all other records. */

import type { Integrity } from "./integrity.ts";

/** Of the key and value layout. A store with a newer version is refused, never overwritten. */
const FORMAT_VERSION = 2;

/** Sorts before all other keys, so that the version is read first. */
export const SEAL_KEY = "!seal";

export interface Seal extends Integrity {
  readonly format: number;
  readonly commit: number;
}

export function formatSeal(integrity: Integrity, commit: number): string {
  const seal: Seal = { format: FORMAT_VERSION, commit, ...integrity };
  return JSON.stringify(seal);
}

/** @throws SyntaxError for a text that is not a seal. */
export function parseSeal(text: string): Seal {
  const seal = JSON.parse(text) as Partial<Seal> | null;
  if (typeof seal?.format === "number") return { commit: 0, records: 0, sum: 0, ...seal } as Seal;
  throw new SyntaxError("The seal has no format.");
}

export function isSupported({ format }: Seal): boolean {
  return format <= FORMAT_VERSION;
}
