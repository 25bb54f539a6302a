/** Starts the hub again each time it was killed, and tells clients where it is. */

import { setTimeout as delay } from "node:timers/promises";

/** Longest a hub may take to end when it is asked to. */
const STOP_TIMEOUT_MS = 15_000;

export class HubHost {
  isOver = false;
  /** Actors finish what there is and begin nothing new. */
  isDraining = false;
  /** Resolves at the end. */
  over;
  kills = 0;
  #spawn;
  #ledger;
  #endAll;
  #process;
  #address;
  #waiting = [];

  constructor(spawn, ledger) {
    this.#spawn = spawn;
    this.#ledger = ledger;
    this.over = new Promise((resolve) => {
      this.#endAll = resolve;
    });
  }

  /** Where the hub is, once one is ready; undefined at the end. */
  address() {
    if (this.#address !== undefined || this.isOver) return Promise.resolve(this.#address);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Whether the hub of this address still runs, as far as its killer knows. */
  isAt(address) {
    return this.#address === address;
  }

  /** @returns whether it became ready; it may be killed before. */
  start() {
    const process = this.#spawn();
    this.#process = process;
    process.isKilled = false;
    process.exited.then(({ code, errors }) => {
      if (!process.isKilled && !this.isOver) {
        this.#ledger.report(`the hub ended by itself with ${code}: ${errors}`);
      }
    });
    return process.ready.then((address) => {
      if (address === undefined || process.isKilled) return false;
      this.#address = address;
      for (const resolve of this.#waiting.splice(0)) resolve(address);
      return true;
    });
  }

  /** At once, in whatever it is doing. */
  async kill() {
    this.#address = undefined;
    this.#process.isKilled = true;
    this.#process.kill("SIGKILL");
    this.kills += 1;
    await this.#process.exited;
  }

  async end() {
    this.isOver = true;
    this.#address = undefined;
    this.#endAll();
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
    this.#process.kill("SIGTERM");
    const isEnded = await Promise.race([
      this.#process.exited.then(() => true),
      delay(STOP_TIMEOUT_MS, false, { ref: false }),
    ]);
    if (isEnded) return;
    this.#ledger.report(`the hub still runs ${STOP_TIMEOUT_MS} ms after SIGTERM`);
    await this.kill();
  }
}
