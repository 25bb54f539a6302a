/** The writes of a durable hub for a number of messages, without the hub. */

import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openC2dPath } from "../clients/c2d-path.mjs";
import { cpuMsOf } from "../measuring/process-figures.mjs";
import { scriptOf, startProgram } from "../measuring/programs.mjs";
import { DURABLE, startHub, withDevices } from "./hub.mjs";
import { readBatches } from "./leveldb-log.mjs";

const WRITER = scriptOf("bench/opponents/leveldb-writes.mjs");
const RECORDING = "recording.json";

/** So few that LevelDB has not yet replaced its first log (after 4 MB). */
const RECORDED_MESSAGES = 2000;

/** A server and a path, as for a broker. */
export async function startLevelDbFloor(load) {
  await record(load);
  const writer = startProgram(process.execPath, [WRITER, RECORDING, "leveldb"], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  await once(writer, "message");
  return {
    server: { cpuMs: () => cpuMsOf(writer.pid) },
    path: {
      async run(count) {
        writer.send(count);
        await once(writer, "message");
      },
      close: () => writer.kill(),
    },
  };
}

async function record(load) {
  const hub = await startHub([...DURABLE, ...withDevices(load.ids)]);
  const path = await openC2dPath(hub, load);
  await path.run(RECORDED_MESSAGES);
  path.close();
  await hub.stop();
  const batches = readBatches(join(hub.home, "store"));
  writeFileSync(RECORDING, JSON.stringify({ messages: RECORDED_MESSAGES, batches }));
}
