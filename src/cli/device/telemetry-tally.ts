/** The numbers of a telemetry run, and the exit code they call for. */

import type { TelemetryEvent } from "../../client/device/telemetry-event.ts";
import { EXIT_CODES, type ExitCode } from "../terminal/exit-code.ts";

/** Every message that was made is one of these, or on its way. */
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

  /** An answer that came late takes the place of its absence. */
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

/** Why a run ended that nothing made fail. */
export type TelemetryEnd = "sent" | "timeout" | "SIGINT" | "SIGTERM";

/**
 * A refused message says more than a missing confirmation. A run without `count` has no end of its
 * own, and whatever ends it is right.
 */
export function exitCodeOfTelemetry(
  { confirmed, failed }: TelemetryTally,
  end: TelemetryEnd,
  count: number | undefined,
): ExitCode {
  if (failed > 0) return EXIT_CODES.refused;
  if (count === undefined || confirmed === count) return EXIT_CODES.done;
  return end === "SIGINT" || end === "SIGTERM" ? EXIT_CODES[end] : EXIT_CODES.timeout;
}
