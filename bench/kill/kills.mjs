/** When to kill: before it is ready, after a while, or right after an acknowledgement. */

import { setTimeout as delay } from "node:timers/promises";

const STARTUP_MS = 300;
const MAX_LIFE_MS = 250;
const MAX_PROMISES = 150;

export async function killOnce(host, ledger) {
  const ready = host.start();
  const chance = Math.random();
  if (chance < 0.15) await delay(Math.random() * STARTUP_MS);
  else {
    await ready;
    if (chance < 0.5) await delay(Math.random() * MAX_LIFE_MS);
    else await promised(ledger);
  }
  await host.kill();
}

/** Resolves after a random number of acknowledgements. */
async function promised(ledger) {
  let left = Math.ceil(Math.random() * MAX_PROMISES);
  const abort = new AbortController();
  const enough = new Promise((resolve) => {
    ledger.watchPromises(() => {
      left -= 1;
      if (left === 0) resolve();
    });
  });
  await Promise.race([enough, delay(2 * MAX_LIFE_MS, undefined, { signal: abort.signal })]);
  abort.abort();
}
