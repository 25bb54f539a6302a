import type { Readable } from "node:stream";

/** Enough for a telemetry event of 256 KB or a message of 64 KB, however escaped. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

export interface Line {
  /** 1-based. */
  readonly number: number;
  /** Undefined for a line of more than 4 MB. */
  readonly bytes: Buffer | undefined;
}

export async function* readLines(stream: Readable, signal: AbortSignal): AsyncGenerator<Line> {
  const stop = (): void => void stream.destroy();
  signal.addEventListener("abort", stop, { once: true });
  let number = 0;
  try {
    for await (const bytes of splitLines(stream)) {
      number += 1;
      yield { number, bytes };
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    stream.destroy();
  }
}

async function* splitLines(stream: Readable): AsyncGenerator<Buffer | undefined> {
  let line = new UnfinishedLine();
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      line.add(chunk.subarray(start, end));
      yield line.bytes;
      line = new UnfinishedLine();
      start = end + 1;
    }
    line.add(chunk.subarray(start));
  }
  if (line.size > 0) yield line.bytes;
}

class UnfinishedLine {
  readonly #parts: Buffer[] = [];
  size = 0;

  add(part: Buffer): void {
    this.size += part.length;
    if (this.#isTooLong) this.#parts.length = 0;
    else this.#parts.push(part);
  }

  get bytes(): Buffer | undefined {
    return this.#isTooLong ? undefined : Buffer.concat(this.#parts);
  }

  get #isTooLong(): boolean {
    return this.size > MAX_LINE_BYTES;
  }
}
