import type { ServerResponse } from "node:http";
import { toHubError } from "../../core/hub-error.ts";
import type { PageError } from "./page-types.ts";

export interface PageReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: object | Uint8Array;
}

/** On every response. */
const HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-store",
};

export function setHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
}

/** Node leaves the body out where the request was HEAD. */
export function sendReply(response: ServerResponse, { status, headers, body }: PageReply): void {
  const isRaw = body instanceof Uint8Array;
  const content = body === undefined || isRaw ? body : Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    ...(content && !isRaw && { "Content-Type": "application/json; charset=utf-8" }),
    ...(content && { "Content-Length": content.length }),
    ...headers,
  });
  response.end(content);
}

export function refusal(status: number, name: string, message: string): PageReply {
  const body: PageError = { name, message };
  // What is left of a request that was not read would be taken for the next one.
  return { status, headers: { Connection: "close" }, body };
}

export function toErrorReply(error: unknown): PageReply {
  const { httpStatus, name, message } = toHubError(error);
  return refusal(httpStatus, name, message);
}
