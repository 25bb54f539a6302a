import { formatDuration } from "../../async/format-duration.ts";
import type { ClientError } from "../../client/errors/client-error.ts";
import { escapeLine } from "../terminal/escape.ts";

export function formatRetry({ message }: ClientError, retryInMs: number): string {
  const when = retryInMs === 0 ? "" : ` in ${formatDuration(retryInMs)}`;
  return `${escapeLine(message)} Reconnecting${when} ...`;
}
