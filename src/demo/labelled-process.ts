import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

export interface LabelledProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly exitCode: number | null; readonly lines: readonly string[] }>;
}

export interface LabelledCommand {
  readonly label: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  show(label: string, line: string): void;
}

export function runLabelled({ label, args, cwd, env, show }: LabelledCommand): LabelledProcess {
  const child = spawn(process.execPath, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  const outputRead = Promise.all([
    forEachLine(child.stdout, (line) => {
      lines.push(line);
      show(label, line);
    }),
    forEachLine(child.stderr, (line) => show(label, line)),
  ]);
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  const ended = Promise.all([exited, outputRead]).then(([exitCode]) => ({ exitCode, lines }));
  return { child, ended };
}

async function forEachLine(stream: Readable, onLine: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream })) onLine(line);
}
