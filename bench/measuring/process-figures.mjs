/** What a process has used, from Linux's /proc: other systems have no such figures for others' processes. */

import { readFileSync } from "node:fs";

/** `getconf CLK_TCK`: 100 on every Linux in use. */
const TICKS_PER_SECOND = 100;

const isAvailable = process.platform === "linux";

/** User and system time of all threads, in milliseconds. */
export function cpuMsOf(pid) {
  const [, fields] = read(`/proc/${pid}/stat`).split(") ");
  const [userTicks, systemTicks] = fields.split(" ").slice(11, 13).map(Number);
  return ((userTicks + systemTicks) * 1000) / TICKS_PER_SECOND;
}

/** Resident memory; 0 for a process that has just ended. */
export function residentKiBOf(pid) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

function read(path) {
  if (!isAvailable) throw new Error(`not available on ${process.platform}: needs Linux's /proc`);
  return readFileSync(path, "utf8");
}
