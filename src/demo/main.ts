/**
 * Runs both tutorials against a local hub, and exits with 0 only if every message arrived intact.
 * Leaves no files or processes behind.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import chalk from "chalk";
import { startHomeHub } from "../hub/home-hub.ts";
import type { LocalHub } from "../hub/local-hub.ts";
import { packageFile } from "../package-file.ts";
import { type Ended, findMissing, type Processes } from "./expectations.ts";
import { type LabelledProcess, runLabelled } from "./labelled-process.ts";

const DEVICE_ID = "MyFirstDevice";

const COUNT = "2";

const TIMEOUT_SECONDS = "30";

const LABEL_WIDTH = 6;

const COLORS: Readonly<Record<string, (text: string) => string>> = {
  hub: chalk.yellow,
  device: chalk.cyan,
  send: chalk.green,
  events: chalk.magenta,
};

type Executable = "c2d-device" | "c2d-hub" | "c2d-send";

process.exitCode = await runDemo();

async function runDemo(): Promise<number> {
  const home = mkdtempSync(join(tmpdir(), "c2d-demo-"));
  const children: LabelledProcess[] = [];
  const onSignal = (): void => {
    for (const { child } of children) child.kill();
  };
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  const run = (label: string, name: Executable, args: readonly string[]): Promise<Ended> => {
    const child = runCommand(label, name, args, home);
    children.push(child);
    return child.ended;
  };
  let hub: LocalHub | undefined;
  try {
    hub = await startHomeHub({ directory: home, ports: [0] });
    show("hub", `local hub ready: ${hub.hostName}, for MQTT, AMQP and HTTPS`);
    return report(await runTutorials(run));
  } finally {
    await hub?.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

/** A device has a single connection, so it listens first and then sends its telemetry. */
async function runTutorials(
  run: (label: string, name: Executable, args: readonly string[]) => Promise<Ended>,
): Promise<Processes> {
  const create = await run("hub", "c2d-hub", ["device", "create"]);
  const bounds = ["--count", COUNT, "--timeout", TIMEOUT_SECONDS];
  const monitoring = run("events", "c2d-hub", [
    "monitor-events",
    ...bounds,
    "--enqueued-time",
    "1m",
  ]);
  const [listen, send] = await Promise.all([
    run("device", "c2d-device", ["listen", ...bounds]),
    run("send", "c2d-send", ["--ack", "full", "--wait", ...bounds]),
  ]);
  const telemetry = await run("device", "c2d-device", [
    "telemetry",
    ...bounds,
    ...["--interval", "200ms"],
  ]);
  return { create, listen, send, telemetry, monitor: await monitoring };
}

/** Runs in an empty directory, so that no `.env` affects the demo. */
function runCommand(
  label: string,
  name: Executable,
  args: readonly string[],
  home: string,
): LabelledProcess {
  const script = packageFile(`bin/${name}.js`);
  return runLabelled({
    label,
    args: [script, ...args, "--local", "--device-id", DEVICE_ID],
    cwd: home,
    env: { ...process.env, C2D_HOME: home },
    show,
  });
}

function report(processes: Processes): number {
  const missing = findMissing(processes, DEVICE_ID);
  for (const what of missing) console.error(chalk.red(`missing: ${what}`));
  if (missing.length > 0) return 1;
  console.log(`
The device was created and received two messages, both with the feedback Success.
It sent two telemetry messages, and the monitor received both.`);
  return 0;
}

function show(label: string, line: string): void {
  const color = COLORS[label] ?? ((text: string) => text);
  console.log(`${color(label.padEnd(LABEL_WIDTH))} | ${line}`);
}
