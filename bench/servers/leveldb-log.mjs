/**
 * Reads the batches in a log of LevelDB, so that the same writes can be made again without the hub.
 * Blocks of 32 KiB hold fragments of records, each record one batch.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const BLOCK_BYTES = 32 * 1024;
const FRAGMENT_HEADER_BYTES = 7;
const LAST_FRAGMENTS = [1, 4];
/** A sequence number and a count. */
const BATCH_HEADER_BYTES = 12;
const DELETION = 0;

/** @returns {{ type: "put" | "del", key: string, value?: string }[][]} the operations of each batch */
export function readBatches(storeDirectory) {
  const logs = readdirSync(storeDirectory).filter((name) => /^\d+\.log$/.test(name));
  return logs
    .sort()
    .flatMap((name) => [...recordsIn(readFileSync(join(storeDirectory, name)))].map(parseBatch));
}

function* recordsIn(log) {
  let fragments = [];
  let position = 0;
  while (position + FRAGMENT_HEADER_BYTES <= log.length) {
    const left = BLOCK_BYTES - (position % BLOCK_BYTES);
    if (left < FRAGMENT_HEADER_BYTES) {
      position += left;
      continue;
    }
    const start = position + FRAGMENT_HEADER_BYTES;
    const end = start + log.readUInt16LE(position + 4);
    fragments.push(log.subarray(start, end));
    if (LAST_FRAGMENTS.includes(log[position + 6])) {
      yield Buffer.concat(fragments);
      fragments = [];
    }
    position = end;
  }
}

function parseBatch(record) {
  let position = BATCH_HEADER_BYTES;
  const readText = () => {
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = record[position++];
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    position += length;
    return record.toString("utf8", position - length, position);
  };
  const operations = [];
  while (position < record.length) {
    const isDeletion = record[position++] === DELETION;
    const key = readText();
    operations.push(isDeletion ? { type: "del", key } : { type: "put", key, value: readText() });
  }
  return operations;
}
