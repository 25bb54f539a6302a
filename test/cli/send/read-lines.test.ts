/** How `--from` and `--lines` read: no more than they need, and nothing that is too long. */

import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { type Line, readLines } from "../../../src/cli/send/messages/read-lines.ts";

const MAX_BYTES = 10;
const never = new AbortController().signal;

async function linesOf(...chunks: readonly string[]): Promise<(string | undefined)[]> {
  const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  const lines: Line[] = [];
  for await (const line of readLines(stream, MAX_BYTES, never)) lines.push(line);
  expect(lines.map(({ number }) => number)).toEqual(lines.map((_, index) => index + 1));
  return lines.map(({ bytes }) => bytes?.toString());
}

test.each<readonly [string, readonly string[], readonly (string | undefined)[]]>([
  ["lines", ["a\nb\n"], ["a", "b"]],
  ["empty lines", ["\n\na\n\n"], ["", "", "a", ""]],
  ["a last line without end", ["a\nb"], ["a", "b"]],
  ["lines across chunks", ["a", "b\nc", "", "\n"], ["ab", "c"]],
  ["a carriage return, which belongs to the line", ["a\r\n"], ["a\r"]],
  [
    "a line of the maximum, and one of more",
    ["1234567890\n12345678901\n"],
    ["1234567890", undefined],
  ],
  ["a long line across chunks", ["123456", "78901", "\nb\n"], [undefined, "b"]],
  ["a long last line", ["a\n123456", "78901"], ["a", undefined]],
])("%s", async (_title, chunks, lines) => {
  expect(await linesOf(...chunks)).toEqual(lines);
});

test("a line is there before the next chunk is read", async () => {
  async function* chunks(): AsyncGenerator<Buffer> {
    yield Buffer.from("one\ntw");
    await new Promise(() => {});
  }
  const lines = readLines(Readable.from(chunks()), MAX_BYTES, never);
  expect((await lines.next()).value).toMatchObject({ number: 1, bytes: Buffer.from("one") });
});

test("reads no further than its reader, and destroys the stream when the reader stops", async () => {
  let pulled = 0;
  const stream = new Readable({
    highWaterMark: 4,
    read() {
      pulled += 1;
      this.push("abc\n");
    },
  });
  for await (const { number } of readLines(stream, MAX_BYTES, never)) if (number === 10) break;
  expect(pulled).toBeLessThanOrEqual(12);
  expect(stream.destroyed).toBe(true);
});

test("an abort ends the wait for input", async () => {
  const abort = new AbortController();
  const stream = new Readable({ read() {} });
  const line = readLines(stream, MAX_BYTES, abort.signal).next();
  abort.abort();
  expect(await line).toEqual({ done: true, value: undefined });
  expect(stream.destroyed).toBe(true);
});

test("a Ctrl-C that ended the writer, too, is handled before the end", async () => {
  const stream = Readable.from([Buffer.from("one\n")]);
  const abort = new AbortController();
  stream.once("end", () => setImmediate(() => abort.abort()));
  for await (const _ of readLines(stream, MAX_BYTES, abort.signal));
  expect(abort.signal.aborted).toBe(true);
});
