import { once } from "node:events";
import { waitAtMost } from "../../../async/within.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What opens a browser is quick to fail. */
const FAILURE_MS = 1000;

/** @returns Why it was not opened. */
export async function openInBrowser(url: string, env: Environment): Promise<string | undefined> {
  const obstacle = findObstacle(env);
  if (obstacle !== undefined) return obstacle;
  try {
    const { default: open } = await import("open");
    const launched = await open(url);
    // Its process is let go: only this timer keeps ours.
    const [code] = (await waitAtMost(FAILURE_MS, once(launched, "exit"))) ?? [0];
    return code === 0 ? undefined : "the system could not open a browser";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** There, a browser would start where nobody sees it, or a text browser would take the terminal. */
function findObstacle(env: Environment): string | undefined {
  if (env.SSH_CONNECTION || env.SSH_TTY) return "this is a remote session";
  const isLinux = process.platform === "linux" && !env.WSL_DISTRO_NAME;
  const hasDisplay = env.DISPLAY || env.WAYLAND_DISPLAY;
  return isLinux && !hasDisplay ? "there is no display" : undefined;
}
