/** Programs that send to the same devices of one hub, whose queues are emptied before each run. */

import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createHttpsClient } from "../clients/https-client.mjs";
import { ownerToken } from "../clients/tokens.mjs";
import { C2D_SEND, scriptOf, timeNode } from "./programs.mjs";

const DEVICE_FILE = "devices";
const OUTPUT_FILE = "output";

/**
 * Messages a second, each from the start of the whole process to its exit.
 *
 * @param {object} hub
 * @param {{ ids: string[], port?: number }} options `port` of a proxy in front of the hub
 */
export function createSendRates(hub, { ids, port = hub.port }) {
  writeFileSync(DEVICE_FILE, `${ids.join("\n")}\n`);
  const throughPort = (environment) => ({
    ...environment,
    IOTHUB_CONNECTION_STRING: hub.connectionString.replace(`:${hub.port}`, `:${port}`),
  });
  const measure = async (count, args, env) => {
    await emptyQueues(hub, ids);
    const stdout = openSync(OUTPUT_FILE, "w");
    const elapsedMs = await timeNode(args, { env, stdout }).finally(() => closeSync(stdout));
    return (count * 1000) / elapsedMs;
  };
  const script = (name, env) => (count) =>
    measure(count, [scriptOf(`bench/opponents/${name}`), DEVICE_FILE, String(count)], env);
  return {
    async command(count, args = []) {
      const counted = ["--device-file", DEVICE_FILE, "--count", String(count / ids.length)];
      return measure(count, [C2D_SEND, ...counted, ...args], throughPort(hub.environment));
    },
    sdk: script("sdk-send-many.cjs", throughPort(hub.sdkEnvironment)),
    sdkAwaiting: script("sdk-send-and-await.cjs", throughPort(hub.sdkEnvironment)),
    rhea: script("rhea-send-many.cjs", {
      HUB_PORT: String(port),
      HUB_TOKEN: ownerToken(hub),
      IOTHUB_CA_FILE: join(hub.home, "ca.pem"),
    }),
    /** Of the last run. */
    output: () => readFileSync(OUTPUT_FILE, "utf8"),
  };
}

async function emptyQueues(hub, ids) {
  const { call, close } = createHttpsClient(hub);
  for (const id of ids) {
    const { status } = await call("DELETE", `/devices/${id}/commands`);
    if (status !== 200) throw new Error(`purging ${id} was answered with ${status}`);
  }
  close();
}
