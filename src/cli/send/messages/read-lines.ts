import type { Readable } from "node:stream";
import { pollOnce } from "../../../async/poll-once.ts";

export interface Line {
  /** 1-based. */
  readonly number: number;
  /** Without the line feed; undefined for a line that is too long, which is not kept. */
  readonly bytes: Buffer | undefined;
}

/** Each line as soon as it is complete. Destroys the stream at the end, and when `signal` aborts. */
export async function* readLines(
  stream: Readable,
  maxBytes: number,
  signal: AbortSignal,
): AsyncGenerator<Line> {
  const stop = (): void => void stream.destroy();
  signal.addEventListener("abort", stop, { once: true });
  let number = 0;
  try {
    for await (const bytes of splitLines(stream, maxBytes)) {
      number += 1;
      yield { number, bytes };
    }
    // A Ctrl-C that has ended the writer as well is an interruption, not the end of the input.
    await pollOnce();
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    stream.destroy();
  }
}

async function* splitLines(stream: Readable, maxBytes: number): AsyncGenerator<Buffer | undefined> {
  let line = new UnfinishedLine(maxBytes);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      line.add(chunk.subarray(start, end));
      yield line.bytes;
      line = new UnfinishedLine(maxBytes);
      start = end + 1;
    }
    line.add(chunk.subarray(start));
  }
  if (line.size > 0) yield line.bytes;
}

class UnfinishedLine {
  readonly #maxBytes: number;
  readonly #parts: Buffer[] = [];
  size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(part: Buffer): void {
    this.size += part.length;
    if (this.#isTooLong) this.#parts.length = 0;
    else this.#parts.push(part);
  }

  get bytes(): Buffer | undefined {
    return this.#isTooLong ? undefined : Buffer.concat(this.#parts);
  }

  get #isTooLong(): boolean {
    return this.size > this.#maxBytes;
  }
}
