/** Restarts the hub after each kill, and gives clients its address. */

import { setTimeout as delay } from "node:timers/promises";

/** Longest time that a hub may take to stop after SIGTERM. */
const STOP_TIMEOUT_MS = 15_000;

export class HubHost {
  isOver = false;
  /** Clients finish pending work and start nothing new. */
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

  /** The address of the hub, once one is ready; undefined at the end. */
  address() {
    if (this.#address !== undefined || this.isOver) return Promise.resolve(this.#address);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Whether the hub with this address has not been killed. */
  isAt(address) {
    return this.#address === address;
  }

  /** @returns Whether it became ready; it may be killed before. */
  start() {
    const process = this.#spawn();
    this.#process = process;
    process.isKilled = false;
    process.exited.then(({ code, errors }) => {
      if (!process.isKilled && !this.isOver) {
        this.#ledger.report(`the hub exited unexpectedly with ${code}: ${errors}`);
      }
    });
    return process.ready.then((address) => {
      if (address === undefined || process.isKilled) return false;
      this.#address = address;
      for (const resolve of this.#waiting.splice(0)) resolve(address);
      return true;
    });
  }

  /** Kills the hub at once, in any state. */
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
