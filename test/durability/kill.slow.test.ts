import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const COMMAND = fileURLToPath(new URL("../../bench/kill-test.mjs", import.meta.url));
const KILLS = 20;
const TIMEOUT_MS = 60_000;

interface Report {
  readonly kills: number;
  readonly messagesAccepted: number;
  readonly settlementsAcknowledged: number;
  readonly recordsSettled: number;
  readonly devicesCreated: number;
  readonly violations: readonly string[];
}

describe("a hub killed at random moments", () => {
  it("keeps everything it acknowledged", { timeout: TIMEOUT_MS }, async () => {
    const report = await killTest(KILLS);
    expect(report.violations, JSON.stringify(report)).toEqual([]);
    // Otherwise too little happened to prove anything.
    expect(report.kills).toBeGreaterThanOrEqual(KILLS);
    expect(report.messagesAccepted).toBeGreaterThan(100);
    expect(report.settlementsAcknowledged).toBeGreaterThan(10);
    expect(report.recordsSettled).toBeGreaterThan(100);
    expect(report.devicesCreated).toBeGreaterThan(5);
  });
});

/** Needs the build: kills the shipped command. */
async function killTest(kills: number): Promise<Report> {
  const child = spawn(process.execPath, [COMMAND, "--kills", String(kills), "-o", "json"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await once(child, "close");
  return JSON.parse(output) as Report;
}
