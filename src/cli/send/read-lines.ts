/** The lines of a stream, of bounded length. */

import type { Readable } from "node:stream";
import { UsageError } from "../usage-error.ts";

/** A message of 64 KB takes less, however it is escaped. */
const MAX_LINE_BYTES = 1024 * 1024;

export interface Line {
  /** 1-based. */
  readonly number: number;
  readonly text: string;
}

/**
 * Ends with the stream, or with the signal. Blank lines are skipped.
 *
 * @throws UsageError for a line that is longer than any message.
 */
export async function* readLines(stream: Readable, signal: AbortSignal): AsyncGenerator<Line> {
  const stop = (): void => void stream.destroy();
  signal.addEventListener("abort", stop, { once: true });
  let number = 0;
  try {
    for await (const text of splitLines(stream)) {
      number += 1;
      if (text.trim() !== "") yield { number, text };
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    stream.destroy();
  }
}

async function* splitLines(stream: Readable): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      yield Buffer.concat([...rest, chunk.subarray(start, end)]).toString("utf8");
      rest = [];
      size = 0;
      start = end + 1;
    }
    rest.push(chunk.subarray(start));
    size += chunk.length - start;
    if (size > MAX_LINE_BYTES) throw new UsageError("--from: a line is longer than any message");
  }
  if (size > 0) yield Buffer.concat(rest).toString("utf8");
}
