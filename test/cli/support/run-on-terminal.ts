/** Runs an executable on a pseudo-terminal, made by util-linux's `script`. */

import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ExecutableName, RunOptions } from "./run-executable.ts";

export const hasTerminals =
  process.platform === "linux" && spawnSync("script", ["--version"]).status === 0;

/** Both streams as shown on the terminal, and the exit code. */
export async function runOnTerminal(
  name: ExecutableName,
  args: readonly string[],
  options: RunOptions,
  redirections = "",
): Promise<{ readonly code: number | null; readonly screen: string }> {
  const path = fileURLToPath(new URL(`../../../bin/${name}.js`, import.meta.url));
  const words = [path, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  const command = `${words.join(" ")} ${redirections}`;
  const child = spawn("script", ["-qefc", command, "/dev/null"], {
    cwd: options.directory,
    env: { PATH: process.env.PATH, HOME: options.directory, TERM: "xterm", ...options.env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let screen = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    screen += text;
  });
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, screen }));
  });
}
