/** Ctrl-C and SIGTERM: the first asks to end, the second ends. */

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

type SignalName = (typeof SIGNALS)[number];

export interface Interruption {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** Which one it was. */
  readonly cause: SignalName | undefined;
}

/** @returns with `stop`, which hands the signals back to Node. */
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
    // Without a handler the signal ends the process as it would any other.
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
