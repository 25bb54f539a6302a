/** Ctrl-C and SIGTERM: the first stops gracefully, the second exits at once. */

import { EXIT_CODES } from "../terminal/exit-code.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

type SignalName = (typeof SIGNALS)[number];

export interface Interruption {
  readonly signal: AbortSignal;
  readonly cause: SignalName | undefined;
}

/** @returns Also `stop`, which restores Node's default handling. */
export function watchSignals(): Interruption & { stop(): void } {
  const controller = new AbortController();
  let cause: SignalName | undefined;
  const onSignal = (name: SignalName): void => {
    if (cause === undefined) {
      cause = name;
      controller.abort();
    } else {
      endNow(name);
    }
  };
  const stop = (): void => {
    for (const name of SIGNALS) process.off(name, onSignal);
  };
  const endNow = (name: SignalName): void => {
    stop();
    // Ends child processes, which the default effect of a signal leaves running.
    process.emit("exit", EXIT_CODES[name]);
    // Without a handler, the signal has its default effect.
    process.kill(process.pid, name);
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    get cause() {
      return cause;
    },
    stop,
  };
}
