import type { IncomingHttpHeaders } from "node:http";
import { request } from "node:https";

/** Where a hub's HTTPS endpoint is. */
export interface RestEndpoint {
  readonly host: string;
  readonly port: number;
  /** Absent for a hub with a publicly trusted certificate. */
  readonly ca?: string;
}

export interface RestRequest {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Without `api-version`. */
  readonly path: string;
  readonly token: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
}

export interface RestReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A message nearly all of properties comes in headers. */
const MAX_HEADER_BYTES = 1024 * 1024;

const API_VERSION = "2021-04-12";

/** One HTTPS request on a connection of its own. */
export function callRest(endpoint: RestEndpoint, asked: RestRequest): Promise<RestReply> {
  const separator = asked.path.includes("?") ? "&" : "?";
  const text = asked.json === undefined ? undefined : JSON.stringify(asked.json);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        ...endpoint,
        agent: false,
        maxHeaderSize: MAX_HEADER_BYTES,
        method: asked.method,
        path: `${asked.path}${separator}api-version=${API_VERSION}`,
        headers: {
          authorization: asked.token,
          ...(text !== undefined && { "content-type": "application/json; charset=utf-8" }),
          ...asked.headers,
        },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("error", reject);
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("end", () => {
          const { statusCode = 0, headers } = incoming;
          resolve({ status: statusCode, headers, body: Buffer.concat(chunks) });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(text);
  });
}
