import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 10;

/** Asks again until there is an answer; the test's own time limit ends the wait. */
export async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await delay(POLL_MS);
  }
}
