import { formatUtc } from "../../core/encodings.ts";
import type { HubError } from "../../core/hub-error.ts";

export interface HttpReply {
  readonly status: number;
  /** Names in Azure's case, as sent (rule https-header-names). */
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, bytes unchanged. */
  readonly body?: object | Uint8Array;
  /** Instead of a body: JSON, one object a line, as fast as it is read. */
  lines?(signal: AbortSignal): AsyncIterable<string> | Iterable<string>;
  /** Called once the response was sent or the connection is closed. */
  onSent?(): void;
}

export const NO_CONTENT: HttpReply = { status: 204 };

/** As the Node and C# SDKs read it: the code in the text and in a header (rule https-error). */
export function toErrorReply(error: HubError, trackingId: string, nowMs: number): HttpReply {
  const timestamp = formatUtc(nowMs);
  return {
    status: error.httpStatus,
    headers: { "iothub-errorcode": error.name },
    body: {
      Message: `ErrorCode:${error.name};${error.message}`,
      ExceptionMessage: `Tracking ID:${trackingId}-TimeStamp:${timestamp}`,
    },
  };
}
