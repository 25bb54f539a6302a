import type { IncomingMessage } from "node:http";
import { HubError } from "../../../core/hub-error.ts";

/** A body of 256 KB fits, each of its bytes escaped (`\u0000`). */
const MAX_BYTES = 2 * 1024 * 1024;

/** @throws HubError MessageTooLarge, ArgumentInvalid */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Read to its end: a browser that is still sending would not see the answer.
    if (size <= MAX_BYTES) chunks.push(chunk);
  }
  if (size > MAX_BYTES) {
    throw new HubError("MessageTooLarge", `A request can have up to ${MAX_BYTES} bytes.`);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new HubError("ArgumentInvalid", "The request is not JSON.");
  }
}
