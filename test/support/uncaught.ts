const EVENTS = ["uncaughtException", "unhandledRejection"] as const;

/** Runs `run` and returns uncaught errors, each kind once. */
export async function uncaughtDuring(run: () => Promise<unknown>): Promise<string[]> {
  const caught = new Set<string>();
  const note = (error: unknown): void => {
    caught.add(String(error));
  };
  const before = EVENTS.map((event) => process.listeners(event as "uncaughtException"));
  for (const event of EVENTS) {
    process.removeAllListeners(event);
    process.on(event, note);
  }
  try {
    await run();
    // Rejections are reported after the microtasks.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    EVENTS.forEach((event, index) => {
      process.removeAllListeners(event);
      for (const listener of before[index] ?? []) process.on(event, listener);
    });
  }
  return [...caught];
}
