import type { ExitCode } from "./exit-code.ts";
import type { ErrorReport } from "./reporter.ts";

export class HubStartError extends Error {
  override readonly name: string;
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;

  constructor({ name, code, message, hint }: ErrorReport) {
    super(message);
    this.name = name;
    this.exitCode = code;
    this.hint = hint;
  }
}
