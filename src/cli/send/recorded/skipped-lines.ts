import { formatCount } from "../../text/count.ts";

/** Number of lines reported individually. */
const MAX_REASONS = 5;

export class SkippedLines {
  #count = 0;
  readonly #reasons: string[] = [];

  get count(): number {
    return this.#count;
  }

  add(line: number, reason: string): void {
    this.#count += 1;
    if (this.#reasons.length < MAX_REASONS) this.#reasons.push(`line ${line} ${reason}`);
  }

  describe(): string | undefined {
    if (this.#count === 0) return undefined;
    const more = this.#count - this.#reasons.length;
    const list = [...this.#reasons, ...(more > 0 ? [`${more} more`] : [])].join(", ");
    return `skipped ${formatCount(this.#count, "invalid line")}: ${list}`;
  }
}
