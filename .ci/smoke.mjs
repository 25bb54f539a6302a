// Every command against a local hub, and a device over each transport, with the executables as they
// are built, on the Node that runs this. Prints what they print; the first that fails ends it.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const TRANSPORTS = ["mqtt", "mqtt-ws", "amqp", "amqp-ws", "http"];

const directory = mkdtempSync(join(tmpdir(), "c2d-smoke-"));
const env = { ...process.env, C2D_HOME: join(directory, "home"), C2D_LOCAL: "1" };
const running = new Set();

/** Away from any `.env`. */
function start(name, ...args) {
  const script = fileURLToPath(new URL(`../bin/${name}.js`, import.meta.url));
  const stdio = ["ignore", "pipe", "inherit"];
  const child = spawn(process.execPath, [script, ...args], { cwd: directory, env, stdio });
  running.add(child);
  child.stdout.pipe(process.stdout);
  child.ended = new Promise((resolve, reject) => {
    child.once("close", (code, signal) => {
      running.delete(child);
      if (code === 0) resolve();
      else reject(new Error(`${name} ${args.join(" ")} ended with ${signal ?? code}`));
    });
  });
  child.ended.catch(() => {});
  return child;
}

const hub = (...args) => start("c2d-hub", ...args).ended;
const send = (...args) => start("c2d-send", ...args).ended;
const device = (...args) => start("c2d-device", ...args).ended;

async function talk(transport) {
  const bounds = ["--count", "1", "--timeout", "30s"];
  await device("listen", "-d", transport, "--transport", transport, ...bounds);
  await device("telemetry", "-d", transport, "--transport", transport, ...bounds);
}

async function smoke() {
  const devices = TRANSPORTS.slice(1).flatMap((id) => ["--device", id]);
  const served = start("c2d-hub", "start", "--port", "0", ...devices);
  await Promise.race([new Promise((ready) => served.stdout.once("data", ready)), served.ended]);
  await hub("device", "create", "-d", "mqtt");
  writeFileSync(join(directory, "devices"), TRANSPORTS.join("\n"));
  await Promise.all([
    hub("monitor-events", "--count", `${TRANSPORTS.length}`, "--timeout", "60s"),
    send("--device-file", "devices", "--ack", "full", "--wait", "--timeout", "30s"),
    ...TRANSPORTS.map(talk),
  ]);
  await send("-d", "mqtt", "--ack", "full");
  await hub("purge", "-d", "mqtt");
  await hub("monitor-feedback", "--count", "1", "--timeout", "30s");
  await hub("status");
  await hub("stop");
  await served.ended;
}

try {
  await smoke();
} catch (error) {
  console.error(`SMOKE TEST FAILED: ${error.message}`);
  process.exitCode = 1;
} finally {
  const ends = [...running].map((child) => new Promise((ended) => child.once("close", ended)));
  for (const child of running) child.kill("SIGKILL");
  await Promise.all(ends);
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}
