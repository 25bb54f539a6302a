import type { IncomingMessage } from "node:http";
import { type PageReply, refusal } from "../page-reply.ts";
import { PAGE_HEADER } from "../page-types.ts";

const NAMES = ["127.0.0.1", "localhost", "[::1]"] as const;

const HTTP_PORT = 80;

/** Other pages may not so much as start a request, where the browser says whose it is. */
const OWN_SITES: readonly unknown[] = [undefined, "same-origin", "none"];

export function isReading({ method }: IncomingMessage): boolean {
  return method === "GET" || method === "HEAD";
}

/** Against DNS rebinding: another name may resolve to this machine. */
export function findForeignHost({ headers }: IncomingMessage, port: number): PageReply | undefined {
  const isOwn = NAMES.some(
    (name) => headers.host === `${name}:${port}` || (port === HTTP_PORT && headers.host === name),
  );
  return isOwn ? undefined : refusal(421, "MisdirectedRequest", "This server has another name.");
}

/** Of the requests below `/api/`. */
export function findForeignPage(request: IncomingMessage): PageReply | undefined {
  const { headers } = request;
  if (!OWN_SITES.includes(headers["sec-fetch-site"])) {
    return refusal(403, "ForeignOrigin", "The request is from another page.");
  }
  return isReading(request) ? undefined : findForeignChange(request);
}

function findForeignChange({ headers }: IncomingMessage): PageReply | undefined {
  if (headers.origin !== `http://${headers.host}`) {
    return refusal(403, "ForeignOrigin", "The request is from another page.");
  }
  if (headers[PAGE_HEADER.name] !== PAGE_HEADER.value) {
    return refusal(403, "HeaderMissing", `The header ${PAGE_HEADER.name} is missing.`);
  }
  const hasBody =
    headers["transfer-encoding"] !== undefined || Number(headers["content-length"]) > 0;
  const type = headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if ((hasBody || type !== undefined) && type !== "application/json") {
    return refusal(415, "UnsupportedMediaType", "The content type must be application/json.");
  }
  return undefined;
}
