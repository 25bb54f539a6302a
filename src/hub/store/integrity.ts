/**
 * LevelDB silently drops what it cannot read in its log. This sum over all records, stored in the
 * same commits, shows on opening whether one was lost or changed.
 */

import crypto from "node:crypto";

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

  /** @returns Whether there was such a record. */
  delete(key: string): boolean {
    const digest = this.#digests.get(key);
    if (digest === undefined) return false;
    this.#digests.delete(key);
    this.#sum = (this.#sum - digest + MODULUS) % MODULUS;
    return true;
  }

  matches({ records, sum }: Integrity): boolean {
    return records === this.#digests.size && sum === this.#sum;
  }
}

/** The first 48 bits. */
function digestOf(key: string, text: string): number {
  return Number.parseInt(sha1(`${key}\0${text}`).slice(0, 12), 16);
}

function sha1(text: string): string {
  // A third of the time; from Node 20.12 on.
  return crypto.hash?.("sha1", text) ?? crypto.createHash("sha1").update(text).digest("hex");
}
