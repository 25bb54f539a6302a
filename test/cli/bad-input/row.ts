/** What a row of the bad-input tables holds. */

import type { ExecutableName } from "../support/run-executable.ts";

export interface BadInput {
  readonly title: string;
  readonly executable: ExecutableName;
  /** Texts of rows may hold the names of `TestEnvironment.texts`, as `%NAME%`. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Name to content, in the working directory; undefined content makes a directory. */
  readonly files?: Readonly<Record<string, string | Uint8Array | undefined>>;
  readonly stdin?: string;
  readonly code: number;
  /** The error's name. */
  readonly name: string;
  /** Must stand in message or hint. */
  readonly says?: string | RegExp;
  /** Texts that must not be shown, beside the keys and signatures that are found by their form. */
  readonly secrets?: readonly string[];
  /** For rows about the output format itself. */
  readonly isTextOnly?: true;
}

/** A row's varying parts, in the order in which they are written down. */
type Short = readonly [
  title: string,
  args: readonly string[],
  says?: string | RegExp | undefined,
  more?: Partial<BadInput>,
];

/** Rows that have the executable, the exit code and the name in common. */
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

/** Short only where it passes: a busy machine may need long for an answer. */
export function connectTimeout(host: string): string {
  return host.includes("%SILENT_PORT%") ? "1s" : "20s";
}
