import { UsageError } from "../terminal/usage-error.ts";
import type { MessageFlags } from "./message-flags.ts";

export type BodySource =
  | { readonly type: "default" }
  | { readonly type: "text"; readonly text: string; readonly encoding: "utf8" | "hex" | "base64" }
  | { readonly type: "stdin"; readonly encoding: "utf8" | "hex" | "base64" }
  | { readonly type: "file"; readonly path: string };

/** @throws UsageError for conflicting flags. */
export function bodySourceOf({
  data,
  dataFilePath,
  dataEncoding,
  template,
}: MessageFlags): BodySource {
  const encoding = dataEncoding ?? "utf8";
  if (data !== undefined && dataFilePath !== undefined) {
    throw new UsageError("--data and --data-file-path cannot be combined", "Keep one of the two.");
  }
  if (dataEncoding !== undefined && data === undefined) {
    throw new UsageError("--data-encoding requires --data");
  }
  if (template && (data === undefined || encoding !== "utf8")) {
    throw new UsageError("--template requires --data with a text body");
  }
  if (dataFilePath !== undefined) return { type: "file", path: dataFilePath };
  if (data === "-") return { type: "stdin", encoding };
  return data === undefined ? { type: "default" } : { type: "text", text: data, encoding };
}
