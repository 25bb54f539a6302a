/**
 * The tutorial in one command: a local hub, the real `c2d-device listen` and the real `c2d-send`.
 *
 * Ends with 0 only if two messages arrived whole and both were fed back as `Success`. Leaves no file
 * and no process behind.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import chalk from "chalk";
import { type LocalHub, startHomeHub } from "../hub/local-hub.ts";
import { findMissing } from "./expectations.ts";
import { type LabelledProcess, runLabelled } from "./labelled-process.ts";

const DEVICE_ID = "device1";

/** Bounds the whole demo, in seconds. */
const TIMEOUT_SECONDS = "30";

const LABEL_WIDTH = 6;

const COLORS: Readonly<Record<string, (text: string) => string>> = {
  hub: chalk.yellow,
  device: chalk.cyan,
  send: chalk.green,
};

process.exitCode = await runDemo();

async function runDemo(): Promise<number> {
  const home = mkdtempSync(join(tmpdir(), "c2d-demo-"));
  const children: LabelledProcess[] = [];
  const onSignal = (): void => {
    for (const { child } of children) child.kill();
  };
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  let hub: LocalHub | undefined;
  try {
    hub = await startHomeHub({ directory: home, ports: [0], devices: [DEVICE_ID] });
    show("hub", `a local hub serves MQTT, AMQP and HTTPS on ${hub.hostName}`);
    const device = run("device", ["listen"], home);
    const sender = run("send", ["--ack", "full", "--wait"], home);
    children.push(device, sender);
    return report(await device.ended, await sender.ended);
  } finally {
    await hub?.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

/** Away from any `.env`, so that the demo does the same everywhere. */
function run(label: "device" | "send", args: readonly string[], home: string): LabelledProcess {
  const script = fileURLToPath(new URL(`../../bin/c2d-${label}.js`, import.meta.url));
  const common = [
    "--local",
    "--device-id",
    DEVICE_ID,
    "--count",
    "2",
    "--timeout",
    TIMEOUT_SECONDS,
  ];
  return runLabelled({
    label,
    args: [script, ...args, ...common],
    cwd: home,
    env: { ...process.env, C2D_HOME: home },
    show,
  });
}

type Ended = Awaited<LabelledProcess["ended"]>;

function report(device: Ended, sender: Ended): number {
  const missing = findMissing(device, sender);
  for (const what of missing) console.error(chalk.red(`missing: ${what}`));
  if (missing.length > 0) return 1;
  console.log(
    "\nTwo messages went from the service to the device, and both were fed back as Success.",
  );
  return 0;
}

function show(label: string, line: string): void {
  const color = COLORS[label] ?? ((text: string) => text);
  console.log(`${color(label.padEnd(LABEL_WIDTH))} | ${line}`);
}
