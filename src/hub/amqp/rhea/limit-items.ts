/**
 * rhea makes as many items as a list or an array says that it has: 13 bytes can claim four billion
 * nulls, which take no bytes at all. Here, all lists and arrays of a frame or a message together
 * have at most as many items as that has bytes.
 */

import rhea from "rhea";
import { CODEC, READER, READER_CLASS } from "./rhea-internals.ts";

interface CountingReader {
  readonly buffer: Buffer;
  itemCount?: number;
}

export function limitItems(): void {
  const { prototype } = READER_CLASS.of(CODEC.of(rhea).types.Reader);
  for (const name of ["read_n", "read_array_items"] as const) {
    const read = prototype[name];
    prototype[name] = function (this: object, count, ...rest) {
      countItems(READER.ofClass(this), count);
      return read.call(this, count, ...rest);
    };
  }
}

function countItems(reader: CountingReader, count: number): void {
  reader.itemCount = (reader.itemCount ?? 0) + count;
  if (reader.itemCount > reader.buffer.length) {
    throw new RangeError("An AMQP value claims more items than it has bytes.");
  }
}
