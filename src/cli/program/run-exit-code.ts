/** The exit code of a run that sends, by what became of its messages. */

import type { Ack } from "../../core/message.ts";
import { EXIT_CODES, type ExitCode } from "../terminal/exit-code.ts";

/** Why a run ended that nothing made fail: it had all it wanted, or this came first. */
export type RunEnd = "satisfied" | "timeout" | "SIGINT" | "SIGTERM";

/**
 * Of cloud-to-device messages. The lowest of 6, 7 and 124 wins: a refused send says more than a
 * missing record. With `negative` no record by the deadline is what was hoped for.
 */
export function exitCodeOfSending(
  { failed, negative }: { readonly failed: number; readonly negative: number },
  end: RunEnd,
  ack: Ack | undefined,
): ExitCode {
  if (failed > 0) return EXIT_CODES.refused;
  if (negative > 0) return EXIT_CODES.negativeFeedback;
  if (end === "timeout") return ack === "negative" ? EXIT_CODES.done : EXIT_CODES.timeout;
  return end === "satisfied" ? EXIT_CODES.done : EXIT_CODES[end];
}

/**
 * Of telemetry. A refused message says more than a missing confirmation. A run without `count` has
 * no end of its own, and whatever ends it is right.
 */
export function exitCodeOfTelemetry(
  { confirmed, failed }: { readonly confirmed: number; readonly failed: number },
  end: RunEnd,
  count: number | undefined,
): ExitCode {
  if (failed > 0) return EXIT_CODES.refused;
  if (count === undefined || confirmed === count) return EXIT_CODES.done;
  return end === "SIGINT" || end === "SIGTERM" ? EXIT_CODES[end] : EXIT_CODES.timeout;
}
