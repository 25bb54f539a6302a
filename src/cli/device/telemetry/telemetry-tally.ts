import type { TelemetryEvent } from "../../../client/device/telemetry-event.ts";

/** Every message is counted in one of these, or is still in flight. */
export interface TelemetryTally {
  readonly sent: number;
  readonly confirmed: number;
  readonly unconfirmed: number;
  /** Refused by the hub. */
  readonly failed: number;
}

export class TelemetryCounter {
  #confirmed = 0;
  #unconfirmed = 0;
  #failed = 0;

  get tally(): TelemetryTally {
    const [confirmed, unconfirmed, failed] = [this.#confirmed, this.#unconfirmed, this.#failed];
    return { sent: confirmed + unconfirmed + failed, confirmed, unconfirmed, failed };
  }

  /** A late answer replaces the earlier count as unconfirmed. */
  count(event: TelemetryEvent): void {
    switch (event.type) {
      case "confirmed":
        this.#confirmed += 1;
        if (event.isLate) this.#unconfirmed -= 1;
        break;
      case "failed":
        this.#failed += 1;
        if (event.isLate) this.#unconfirmed -= 1;
        break;
      case "unconfirmed":
        this.#unconfirmed += 1;
        break;
      case "sent":
      case "throttled":
        break;
    }
  }
}
