import { waitAtMost } from "../../async/within.ts";
import { EXIT_CODES, type ExitCode } from "../terminal/exit-code.ts";
import type { OrderedWriter } from "../terminal/ordered-writer.ts";
import { OutputError } from "../terminal/output.ts";
import type { Reporter } from "../terminal/reporter.ts";

/**
 * If stdout cannot be written, error and line go to stderr, and the exit code is the error's.
 *
 * @throws OutputClosedError
 */
export async function writeSummary(
  line: string,
  writer: OrderedWriter,
  reporter: Reporter,
  limitMs?: number,
): Promise<ExitCode> {
  try {
    writer.write(line);
    const written = writer.flush();
    await (limitMs === undefined ? written : waitAtMost(limitMs, written));
    return EXIT_CODES.done;
  } catch (error) {
    if (!(error instanceof OutputError)) throw error;
    const code = reporter.error(error);
    reporter.data(line);
    return code;
  }
}
