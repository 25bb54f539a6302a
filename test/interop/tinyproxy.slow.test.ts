/**
 * The commands behind tinyproxy, as packaged by Debian, with and without a password. It passes
 * everything on to a proxy of ours, which maps the hub's name to this machine.
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type LocalHub, startLocalHub } from "../../src/hub/local-hub.ts";
import { run } from "../cli/support/run-executable.ts";
import { startConnectProxy } from "../client/support/connect-proxy.ts";
import { freePort, isListening, sharedDirectory } from "../support/local-hub.ts";
import { RunningProgram } from "../support/running-program.ts";
import { hasProgram } from "./support/external-program.ts";

const isInstalled = hasProgram("tinyproxy", { name: "tinyproxy", aptPackage: "tinyproxy" });

const HOST = "hub.example";
const USER = "me";
const PASSWORD = "s3cret-of-the-proxy";

const directory = sharedDirectory();
let hub: LocalHub;

beforeAll(async () => {
  hub = await startLocalHub({ devices: ["device1"], hostNames: [HOST] });
});

afterAll(() => hub.stop());

async function startTinyproxy(...lines: readonly string[]) {
  const upstream = await startConnectProxy(Number(hub.hostName.split(":")[1]));
  const port = await freePort();
  const file = join(directory, `${port}.conf`);
  const listen = [`Port ${port}`, "Listen 127.0.0.1", `Upstream http 127.0.0.1:${upstream.port}`];
  writeFileSync(file, `${[...listen, ...lines].join("\n")}\n`);
  const proxy = new RunningProgram("tinyproxy", ["-d", "-c", file], { directory });
  onTestFinished(async () => {
    proxy.process.kill("SIGTERM");
    await proxy.ended;
  });
  await expect.poll(() => isListening(port)).toBe(true);
  return { where: `127.0.0.1:${port}`, targets: upstream.targets };
}

/** A message on its way: created, sent, received and confirmed, over each protocol on port 443. */
async function exchange(proxy: string) {
  const env = {
    HTTPS_PROXY: proxy,
    IOTHUB_CA_FILE: hub.caFile,
    IOTHUB_CONNECTION_STRING: hub.connectionString.replace(hub.hostName, HOST),
    IOTHUB_DEVICE_CONNECTION_STRING: hub
      .deviceConnectionString("device1")
      .replace(hub.hostName, HOST),
  };
  const options = { directory, env };
  const codes: (number | null)[] = [];
  let output = "";
  const ended = async (name: Parameters<typeof run>[0], ...args: readonly string[]) => {
    const { code, stdout, stderr } = await run(name, args, options);
    codes.push(code);
    output += stdout + stderr;
  };
  await ended("c2d-hub", "purge", "-d", "device1");
  await ended("c2d-send", "-d", "device1", "--transport", "amqp-ws", "--count", "3");
  for (const transport of ["mqtt-ws", "amqp-ws", "http"]) {
    // Over MQTT all messages arrive; the others stay with the hub.
    await ended("c2d-device", "listen", "--transport", transport, "--count", "1");
  }
  await ended("c2d-device", "telemetry", "--transport", "mqtt-ws", "--count", "1");
  await ended(
    "c2d-hub",
    ...["monitor-events", "--transport", "amqp-ws"],
    ...["--enqueued-time", "1h", "--count", "1"],
  );
  return { codes, output };
}

const DONE = [0, 0, 0, 0, 0, 0, 0];
const UNREACHABLE = DONE.map(() => 5);

describe.skipIf(!isInstalled)("behind tinyproxy", () => {
  test.each([
    ["without a password", [], ""],
    ["with a password", [`BasicAuth ${USER} ${PASSWORD}`], `${USER}:${PASSWORD}@`],
  ])("%s, every command works", async (_, lines, credentials) => {
    const { where, targets } = await startTinyproxy(...lines);
    const { codes, output } = await exchange(`http://${credentials}${where}`);
    expect(codes, output).toEqual(DONE);
    expect(new Set(targets)).toEqual(new Set([`${HOST}:443`]));
    expect(output).not.toContain(PASSWORD);
  });

  test.each([
    ["the password is missing", [`BasicAuth ${USER} ${PASSWORD}`], "", "requires a user and"],
    ["the password is wrong", [`BasicAuth ${USER} ${PASSWORD}`], "me:wrong@", "does not accept"],
    ["the port is not allowed", ["ConnectPort 563"], "", "responded with status 403"],
  ])("%s: every command ends with 5 and says so", async (_, lines, credentials, reason) => {
    const { where, targets } = await startTinyproxy(...lines);
    const { codes, output } = await exchange(`http://${credentials}${where}`);
    expect(codes, output).toEqual(UNREACHABLE);
    expect(output.split(reason)).toHaveLength(UNREACHABLE.length + 1);
    expect(targets).toEqual([]);
  });
});
