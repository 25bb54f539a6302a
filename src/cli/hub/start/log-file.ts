/** A log file that is rotated at a size limit, keeping one old file. */

import { appendFileSync, renameSync, statSync } from "node:fs";

const MAX_LOG_BYTES = 1024 * 1024;

export class LogFile {
  readonly #path: string;
  readonly #maxBytes: number;
  #bytes: number;

  constructor(path: string, maxBytes = MAX_LOG_BYTES) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Ignores errors: the hub runs on without its log. */
  write(lines: readonly string[]): void {
    let text = "";
    try {
      for (const line of lines) {
        const bytes = Buffer.byteLength(line) + 1;
        if (this.#bytes + bytes > this.#maxBytes) {
          this.#append(text);
          text = "";
          this.#rotate();
        }
        text += `${line}\n`;
        this.#bytes += bytes;
      }
      this.#append(text);
    } catch {
      // The disk is full, or the directory gone.
    }
  }

  #append(text: string): void {
    if (text !== "") appendFileSync(this.#path, text, { mode: 0o600 });
  }

  #rotate(): void {
    if (this.#bytes > 0) renameSync(this.#path, `${this.#path}.1`);
    this.#bytes = 0;
  }
}
