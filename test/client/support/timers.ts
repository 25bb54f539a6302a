import { createHook } from "node:async_hooks";
import { atRest } from "../../support/test-clock.ts";

interface Timer {
  readonly _destroyed?: boolean;
  hasRef(): boolean;
}

/** Started by the hub, which runs in the same process. The clients' SDKs have their own rhea and ws. */
const OF_HUB = /(?<!\/node_modules\/[^/]+)\/node_modules\/(rhea|ws)\/|\/src\/hub\//;

/** Runs `run` and returns the call stacks of the client's timers that still keep the process alive. */
export async function timersLeftBy(run: () => Promise<unknown>): Promise<string[]> {
  const started = new Map<Timer, string>();
  const hook = createHook({
    init(_id, type, _trigger, resource) {
      if (type === "Timeout") started.set(resource as Timer, new Error("started here").stack ?? "");
    },
  });
  hook.enable();
  try {
    await run();
    // Lets destroyed sockets emit `close`, which ends further timers.
    await atRest();
  } finally {
    hook.disable();
  }
  return [...started]
    .filter(([timer, stack]) => !timer._destroyed && timer.hasRef() && !OF_HUB.test(stack))
    .map(([, stack]) => stack);
}
