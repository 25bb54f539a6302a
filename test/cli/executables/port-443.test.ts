/** A hub on the standard ports, without permission for 443. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { temporaryDirectory } from "../../support/local-hub.ts";
import { parseLines, RunningExecutable } from "../support/run-executable.ts";

/** A separate loopback address: other hubs on this machine may use the standard ports. */
const ADDRESS = "127.0.44.3";

const hasAddress = process.platform === "linux";
if (!hasAddress) console.warn("SKIPPED: only Linux has all of 127.0.0.0/8; 443 is not tried.");

/** Refuses port 443 like the system does, even for root. */
const REFUSE_443 = `
import net from "node:net";
const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (port, ...rest) {
  if (port !== 443) return listen.call(this, port, ...rest);
  const error = new Error("listen EACCES: permission denied " + rest[0] + ":443");
  process.nextTick(() => this.emit("error", Object.assign(error, { code: "EACCES" })));
  return this;
};`;

let directory: string;
let hub: RunningExecutable | undefined;

beforeEach(() => {
  directory = temporaryDirectory();
});

afterEach(async () => {
  hub?.process.kill("SIGTERM");
  await hub?.ended;
});

function start(...args: readonly string[]): RunningExecutable {
  const preload = `data:text/javascript,${encodeURIComponent(REFUSE_443)}`;
  const env = { C2D_HOME: join(directory, "home"), NODE_OPTIONS: `--import=${preload}` };
  hub = new RunningExecutable("c2d-hub", ["start", "--host", ADDRESS, ...args], { directory, env });
  return hub;
}

const COSTS = [
  "port 443 needs privileges that this user does not have",
  "8443",
  "mqtt-ws, amqp-ws",
  "REST",
  "ip_unprivileged_port_start",
  "setcap",
];

describe.skipIf(!hasAddress)("where 443 is not permitted", () => {
  test("start uses 8443 and warns about the consequences", async () => {
    const started = await readyHub("-o", "json");
    await started.waitFor("stderr", "warning: ");
    const { ended, process: child } = started;
    child.kill("SIGTERM");
    const { code, stdout, stderr } = await ended;
    expect(parseLines(stdout)[0]).toMatchObject({ ports: [8883, 5671, 8443] });
    expect(stderr).toMatch(/^warning: /m);
    for (const text of COSTS) expect(stderr).toContain(text);
    expect(code).toBe(0);
  });

  test("--port causes no warning", async () => {
    const { ended, process: child } = await readyHub("--port", "8443", "-o", "json");
    child.kill("SIGTERM");
    expect((await ended).stderr).not.toContain("443");
  });

  test("--port 443 is not replaced", async () => {
    const { code, stdout, stderr } = await start("--port", "443", "-o", "json").ended;
    expect(stdout).toBe("");
    expect(stderr).toContain("needs privileges");
    expect(code).toBe(6);
  });

  test("a background hub writes the warning to its log", async () => {
    const { ended } = start("--background", "--idle-exit", "1ms");
    expect((await ended).code).toBe(0);
    const log = readFileSync(join(directory, "home", "hub.log"), "utf8");
    for (const text of COSTS) expect(log).toContain(text);
  });
});

async function readyHub(...args: readonly string[]): Promise<RunningExecutable> {
  const started = start(...args);
  await started.waitFor("stdout", `"type":"hub"`);
  return started;
}
