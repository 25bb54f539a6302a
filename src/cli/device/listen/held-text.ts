/** What a run with `--settle abandon` says of the messages it held. */

import { AZURE_DEFAULTS } from "../../../core/limits.ts";
import type { Reporter } from "../../terminal/reporter.ts";
import type { HoldEnd, Returned } from "../receiving/held-messages.ts";

const HOLD_ENDS: Readonly<Record<HoldEnd, string>> = {
  lockEnd: "Stopping: the lock of the first message is about to run out.",
  cameAgain: "Stopping: a message came again, so its lock has already run out.",
  full: "Stopping: no more messages can be held in one run.",
};

export function isHoldEnd(type: string): type is HoldEnd {
  return Object.hasOwn(HOLD_ENDS, type);
}

export function describeHoldEnd(end: HoldEnd): string {
  return HOLD_ENDS[end];
}

export function reportReturned(
  { returned, failed, exhausted }: Returned,
  reporter: Reporter,
): void {
  if (returned > 0) {
    reporter.info(
      `${count(returned)} back in the queue, ${returned === 1 ? "its delivery count" : "each delivery count"} one higher.`,
    );
  }
  if (exhausted > 0) {
    const max = AZURE_DEFAULTS.maxDeliveryCount;
    reporter.warn(
      `${exhausted} of them reached a delivery count of ${max}: unless the hub allows more, they are in the dead letters now`,
    );
  }
  if (failed > 0) {
    reporter.warn(`${count(failed)} not returned: the lock has to run out first`);
  }
}

function count(n: number): string {
  return n === 1 ? "1 message is" : `${n} messages are`;
}
