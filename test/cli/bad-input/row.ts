/** A row of the bad-input tables. */

import type { ExecutableName } from "../support/run-executable.ts";

export interface BadInput {
  readonly title: string;
  readonly executable: ExecutableName;
  /** May contain names of `TestEnvironment.texts`, as `%NAME%`. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Name to content, in the working directory; undefined content creates a directory. */
  readonly files?: Readonly<Record<string, string | Uint8Array | undefined>>;
  readonly stdin?: string;
  readonly code: number;
  /** The error's name. */
  readonly name: string;
  /** Must be in the message or the hint. */
  readonly says?: string | RegExp;
  /** Strings that must not be shown, in addition to keys and signatures, which are recognised. */
  readonly secrets?: readonly string[];
  /** For rows about the output format itself. */
  readonly isTextOnly?: true;
}

/** The varying parts of a row. */
type Short = readonly [
  title: string,
  args: readonly string[],
  says?: string | RegExp | undefined,
  more?: Partial<BadInput>,
];

/** Rows with the same executable, exit code and error name. */
export function rows(
  common: Pick<BadInput, "executable" | "code" | "name">,
  table: readonly Short[],
): readonly BadInput[] {
  return table.map(([title, args, says, more]) => ({
    ...common,
    title,
    args,
    ...(says !== undefined && { says }),
    ...more,
  }));
}

/** Short only if it is meant to expire: a busy machine may respond slowly. */
export function connectTimeout(host: string): string {
  return host.includes("%SILENT_PORT%") ? "1s" : "20s";
}
