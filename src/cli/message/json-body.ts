import type { Message } from "../../core/message.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { decodeUtf8, isJsonContentType } from "../text/body-text.ts";

/** @throws UsageError */
export function validateJsonBody({ system, body }: Message): void {
  if (!isJsonContentType(system.contentType) || !isUtf8(system.contentEncoding)) return;
  const text = decodeUtf8(body);
  try {
    JSON.parse(text ?? "");
  } catch (error) {
    throw new UsageError(
      `--content-type ${system.contentType}: the body is not JSON (${(error as Error).message})`,
      "Correct the body, or use another content type.",
    );
  }
}

function isUtf8(contentEncoding: string | undefined): boolean {
  return contentEncoding === undefined || /^utf-?8$/i.test(contentEncoding);
}
