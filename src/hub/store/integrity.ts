/**
 * A sum over all records that is kept beside them, in the same commits.
 *
 * LevelDB drops what it cannot read in its log and goes on; with the sum, a store that has lost or
 * changed any record is told from a sound one when it is opened.
 */

import { createHash } from "node:crypto";

/** Sums stay whole numbers that JSON keeps exactly. */
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
