import { formatDuration } from "../../async/format-duration.ts";
import type { Context } from "../program/run-program.ts";
import { escapeLine } from "../terminal/escape.ts";
import { diagnoseHungHub } from "./hung-hub.ts";

/** Faster connections show nothing. */
const SHOW_AFTER_MS = 1000;

export async function whileConnecting<T>(
  hostName: string,
  context: Pick<Context, "flags" | "io" | "reporter">,
  connect: () => Promise<T>,
): Promise<T> {
  const { reporter } = context;
  const startMs = performance.now();
  reporter.progress(() => {
    const elapsedMs = performance.now() - startMs;
    if (elapsedMs < SHOW_AFTER_MS) return undefined;
    const seconds = Math.floor(elapsedMs / 1000);
    return `Waiting for ${escapeLine(hostName)} to respond, ${formatDuration(seconds * 1000)} ...`;
  });
  try {
    return await diagnoseHungHub(hostName, context, connect);
  } finally {
    reporter.endProgress();
  }
}
