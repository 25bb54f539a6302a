/** The environment of a program: a process or a test. */

import { type Io, systemIo } from "../terminal/io.ts";
import { type Interruption, watchSignals } from "./signals.ts";

export interface Host {
  /** Without the names of the interpreter and of the program. */
  readonly args: readonly string[];
  readonly io: Io;
  readonly interruption: Interruption;
  /** Absent in a test. */
  readonly process?: HostProcess;
}

export interface HostProcess {
  /** Since it was started. */
  elapsedMs(): number;
  /** At once, whatever is pending. */
  exit(code: number): void;
}

export async function runAsProcess(run: (host: Host) => Promise<number>): Promise<void> {
  const io = systemIo();
  const interruption = watchSignals();
  process.exitCode = await run({
    args: process.argv.slice(2),
    io,
    interruption,
    process: { elapsedMs: () => performance.now(), exit: (code) => process.exit(code) },
  });
  interruption.stop();
  io.stdout.release();
  io.stderr.release();
}
