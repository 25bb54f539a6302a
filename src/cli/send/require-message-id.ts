/** Feedback is matched by device and message id. */

import type { Message } from "../../core/message.ts";
import { UsageError } from "../terminal/usage-error.ts";

/** @throws UsageError */
export function requireMessageId({ system }: Message): void {
  if (system.messageId) return;
  throw new UsageError(
    "--wait needs a message id to match feedback with",
    "Omit --message-id, or give one.",
  );
}
