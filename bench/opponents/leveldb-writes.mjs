/**
 * LevelDB with nothing around it: makes the writes of a recording again, over and over, for as many
 * messages as each request says.
 *
 * node leveldb-writes.mjs <recording: { messages, batches }> <directory>
 */

import { readFileSync } from "node:fs";
import { ClassicLevel } from "classic-level";

const [file, directory] = process.argv.slice(2);
const { messages, batches } = JSON.parse(readFileSync(file, "utf8"));
const db = new ClassicLevel(directory);
await db.open();

process.on("message", async (count) => {
  const end = Math.round((count / messages) * batches.length);
  for (let index = 0; index < end; index++) {
    await db.batch(batches[index % batches.length], { sync: true });
  }
  process.send("done");
});
process.send("ready");
