/**
 * Draws docs/terminals.svg, or the file named as argument, from what the programs print on a local hub of
 * their own. Ids, times and measured values differ from run to run and are replaced, so that every run
 * draws the same picture. Needs a POSIX shell.
 */

import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { drawTerminals } from "./picture/draw-terminals.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TIME_LIMIT_MS = 60_000;

const LISTEN = ["c2d-device", "listen"];
const SEND = ["c2d-send", "--count", "2", "--wait"];

/** In place of the first, the second, ... value that a run prints. */
const WIND_SPEEDS = ["15.15", "13.72"];
const LATENCIES = ["961", "954"];

const directory = mkdtempSync(join(tmpdir(), "c2d-picture-"));
const home = join(directory, "home");
try {
  copyFileSync(join(ROOT, ".env.example"), join(directory, ".env"));
  const [listened, sent] = await runBoth();
  const svg = drawTerminals(
    { title: "device", command: LISTEN.join(" "), output: steady(listened) },
    { title: "service", command: SEND.join(" "), output: steady(sent) },
  );
  writeFileSync(process.argv[2] ?? join(ROOT, "docs/terminals.svg"), svg);
} finally {
  await start(["c2d-hub", "stop"]).ended;
  rmSync(directory, { recursive: true, force: true });
}

async function runBoth() {
  const listening = start(LISTEN);
  await listening.printed("Waiting for C2D messages");
  const sending = start(SEND);
  const sent = await sending.ended;
  const listened = await listening.printed("Total calls received: 2\n");
  listening.interrupt();
  await listening.ended;
  return [listened, sent];
}

/** Both streams in one, in color, as on a terminal. */
function start([name, ...args]) {
  const command = [process.execPath, join(ROOT, "bin", `${name}.js`), ...args];
  const child = spawn("sh", ["-c", 'exec "$@" 2>&1', "sh", ...command], {
    cwd: directory,
    env: { PATH: process.env.PATH, C2D_HOME: home, FORCE_COLOR: "1" },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: TIME_LIMIT_MS,
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject).once("close", () => resolve(output));
  });
  return {
    ended,
    interrupt: () => child.kill("SIGINT"),
    /** Resolves to all the output, once it holds the text. */
    printed: (wanted) =>
      new Promise((resolve, reject) => {
        const look = () => output.includes(wanted) && resolve(output);
        child.stdout.on("data", look);
        look();
        ended.then(
          () => reject(new Error(`${name} did not print "${wanted}":\n${output}`)),
          reject,
        );
      }),
  };
}

function steady(output) {
  const speeds = [...WIND_SPEEDS];
  const latencies = [...LATENCIES];
  return output
    .replaceAll(home, "/home/me/c2d")
    .replace(/localhost:\d+/g, "localhost:8883")
    .replace(/_[0-9a-f]{8}\b/g, "_e936e2a8")
    .replace(/: \d+\.\d+}/g, () => `: ${speeds.shift()}}`)
    .replace(/after [\d.]+ m?s$/gm, () => `after ${latencies.shift()} ms`)
    .replace(/in [\d.]+ m?s$/gm, "in 1.3 s");
}
