/** The record that vouches for all others: it is part of every commit. */

import type { Integrity } from "./integrity.ts";

/** Layout of keys and values. A store of another version is refused, never overwritten. */
const FORMAT_VERSION = 1;

/** No other key sorts before it, so that the version is known before anything else is read. */
export const SEAL_KEY = "!seal";

export interface Seal extends Integrity {
  readonly format: number;
  /** The number of the commit that wrote it. */
  readonly commit: number;
}

export function formatSeal(integrity: Integrity, commit: number): string {
  const seal: Seal = { format: FORMAT_VERSION, commit, ...integrity };
  return JSON.stringify(seal);
}

/** @throws SyntaxError for a text that is no seal. */
export function parseSeal(text: string): Seal {
  const seal = JSON.parse(text) as Partial<Seal> | null;
  if (typeof seal?.format === "number") return { commit: 0, records: 0, sum: 0, ...seal } as Seal;
  throw new SyntaxError("The seal has no format.");
}

export function isSupported({ format }: Seal): boolean {
  return format <= FORMAT_VERSION;
}
