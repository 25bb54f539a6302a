/** What is said of a connection that is to be opened again. */

import type { ClientError } from "../client/client-error.ts";
import { formatDuration } from "./duration.ts";
import { escapeLine } from "./escape.ts";

export function formatRetry({ message }: ClientError, retryInMs: number): string {
  const when = retryInMs === 0 ? "" : ` in ${formatDuration(retryInMs)}`;
  return `${escapeLine(message)} Connecting again${when} ...`;
}
