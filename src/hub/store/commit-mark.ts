/**
 * Written after a durable commit, so never ahead: a store with a lower count has lost commits. Not
 * synced: after a power failure it may lag, which only makes the check less strict.
 */

import { closeSync, existsSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";

/** All of one length, so that overwriting needs no truncation. */
const DIGITS = 16;

export class CommitMark {
  readonly #fd: number;

  constructor(directory: string) {
    this.#fd = openSync(markFile(directory), existsSync(markFile(directory)) ? "r+" : "w", 0o600);
  }

  write(commit: number): void {
    writeSync(this.#fd, String(commit).padStart(DIGITS, "0"), 0);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** 0 if there is no mark yet. */
export function readCommitMark(directory: string): number {
  if (!existsSync(markFile(directory))) return 0;
  return Number(readFileSync(markFile(directory), "latin1")) || 0;
}

function markFile(directory: string): string {
  return join(directory, "COMMITS");
}
