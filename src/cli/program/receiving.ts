import { formatDuration } from "../../async/format-duration.ts";
import { EXIT_CODES, type ExitCode } from "../terminal/exit-code.ts";
import { OutputClosedError } from "../terminal/output.ts";
import { formatCount } from "../text/count.ts";
import type { End } from "./ending.ts";
import type { Context } from "./run-program.ts";

/** `enough` is always a success. */
export type ReceivingEnd = "count" | "enough" | "timeout" | "idleTimeout";

export interface Received {
  /** "message", "event" */
  readonly what: string;
  readonly received: number;
  readonly count: number | undefined;
  readonly bound: { readonly flag: string; readonly ms: number | undefined };
  readonly hint: string;
}

/** @throws The error that ended the receiving. */
export function concludeReceiving(
  end: End<ReceivingEnd>,
  { what, received, count, bound, hint }: Received,
  { reporter, interruption }: Pick<Context, "reporter" | "interruption">,
): ExitCode {
  if (end.type === "failed" && !(end.error instanceof OutputClosedError)) throw end.error;
  if (end.type === "failed" || end.type === "closed") return EXIT_CODES.done;
  const total =
    count === undefined
      ? `${formatCount(received, what)} received`
      : `${received} of ${formatCount(count, what)} received`;
  const isEnough = end.type === "enough" || count === undefined || received >= count;
  if (isEnough || end.type === "interrupted") {
    reporter.info(`${total}.`);
    return isEnough ? EXIT_CODES.done : EXIT_CODES[interruption.cause ?? "SIGINT"];
  }
  reporter.report({
    code: EXIT_CODES.timeout,
    name: "Timeout",
    message: `${total} when ${bound.flag} (${formatDuration(bound.ms ?? 0)}) expired`,
    hint,
  });
  return EXIT_CODES.timeout;
}
