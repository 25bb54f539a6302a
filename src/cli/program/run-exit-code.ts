import type { Ack } from "../../core/message.ts";
import { EXIT_CODES, type ExitCode } from "../terminal/exit-code.ts";

export type RunEnd = "satisfied" | "timeout" | "SIGINT" | "SIGTERM";

/** The lowest of 6, 7 and 124 wins. With `negative`, no record by the deadline is a success. */
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

/** A run without `count` is unbounded, and any end of it is a success. */
export function exitCodeOfTelemetry(
  { confirmed, failed }: { readonly confirmed: number; readonly failed: number },
  end: RunEnd,
  count: number | undefined,
): ExitCode {
  if (failed > 0) return EXIT_CODES.refused;
  if (count === undefined || confirmed === count) return EXIT_CODES.done;
  return end === "SIGINT" || end === "SIGTERM" ? EXIT_CODES[end] : EXIT_CODES.timeout;
}
