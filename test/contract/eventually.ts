import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 10;

/** Polls until there is a result, within the test's time limit. */
export async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await delay(POLL_MS);
  }
}
