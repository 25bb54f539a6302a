/**
 * LevelDB silently drops what it cannot read in its log. This sum over all records, stored in the
 * same commits, shows on opening whether one was lost or changed.
 */

import { createHash } from "node:crypto";

/** Keeps sums within the integers that JSON represents exactly. */
const MODULUS = 2 ** 48;

export interface Integrity {
  readonly records: number;
  readonly sum: number;
}

export class IntegritySum {
  readonly #digests = new Map<string, number>();
  #sum = 0;

  get value(): Integrity {
    return { records: this.#digests.size, sum: this.#sum };
  }

  put(key: string, text: string): void {
    this.delete(key);
    const digest = digestOf(key, text);
    this.#digests.set(key, digest);
    this.#sum = (this.#sum + digest) % MODULUS;
  }

  delete(key: string): void {
    const digest = this.#digests.get(key);
    if (digest === undefined) return;
    this.#digests.delete(key);
    this.#sum = (this.#sum - digest + MODULUS) % MODULUS;
  }

  matches({ records, sum }: Integrity): boolean {
    return records === this.#digests.size && sum === this.#sum;
  }
}

function digestOf(key: string, text: string): number {
  const hash = createHash("sha1").update(key).update("\0").update(text).digest();
  return hash.readUIntBE(0, 6);
}
