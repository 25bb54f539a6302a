import { AZURE_DEFAULTS } from "../../../core/limits.ts";
import type { Reporter } from "../../terminal/reporter.ts";
import type { HoldEnd, Returned } from "../receiving/held-messages.ts";

const HOLD_ENDS: Readonly<Record<HoldEnd, string>> = {
  lockExpiring: "Stopping: the lock of the first message is about to expire.",
  redelivered: "Stopping: a message was delivered again, so its lock has already expired.",
  full: "Stopping: this run cannot hold more messages.",
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
      `${count(returned)} back in the queue, with ${returned === 1 ? "its" : "each"} delivery count raised by 1.`,
    );
  }
  if (exhausted > 0) {
    const max = AZURE_DEFAULTS.maxDeliveryCount;
    reporter.warn(
      `${exhausted} of them reached a delivery count of ${max} and, unless the hub allows more, ${exhausted === 1 ? "is" : "are"} now dead-lettered`,
    );
  }
  if (failed > 0) {
    reporter.warn(`${count(failed)} not returned: the lock must expire first`);
  }
}

function count(n: number): string {
  return n === 1 ? "1 message is" : `${n} messages are`;
}
