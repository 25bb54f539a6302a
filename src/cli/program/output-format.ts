import { UsageError } from "../terminal/usage-error.ts";
import { unescapeArgument } from "../text/escape-sequences.ts";
import { compileRecordTemplate } from "../text/record-template.ts";
import type { Template } from "../text/template.ts";
import type { CommonFlags } from "./common-options.ts";
import type { FormatFlags } from "./format-options.ts";

/** How data is written to stdout. */
export type OutputFormat =
  | { readonly type: "text" | "json" }
  /** A line for each record, newline included. */
  | { readonly type: "template"; readonly fill: Template<object> }
  | { readonly type: "raw"; readonly separator: string };

/**
 * @param keys Those of the records in JSON.
 * @throws UsageError for flags that exclude each other, and for an unknown key in the template.
 */
export function toOutputFormat(
  { output, format, raw, separator }: Pick<CommonFlags, "output"> & FormatFlags,
  keys: readonly string[],
): OutputFormat {
  const given = [
    ...(format === undefined ? [] : ["--format"]),
    ...(raw ? ["--raw"] : []),
    ...(output === "json" ? ["-o json"] : []),
  ];
  if (given.length > 1) {
    throw new UsageError(`${given.join(" and ")} cannot be combined`, "Keep one of them.");
  }
  if (separator !== undefined && !raw) {
    throw new UsageError("--separator has no effect without --raw", "Omit it, or add --raw.");
  }
  if (raw) return { type: "raw", separator: unescapeArgument(separator ?? "\n") };
  if (format === undefined) return { type: output };
  if (format === "") throw new UsageError("--format needs a template", "Such as '{{body}}'");
  return { type: "template", fill: compileRecordTemplate(format, keys) };
}
