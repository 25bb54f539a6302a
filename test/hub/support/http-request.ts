import { type IncomingHttpHeaders, request } from "node:http";
import type { Duplex } from "node:stream";

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes are sent as they are, another object as JSON. */
  readonly body?: object;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One HTTP request over a stream that is used for nothing else. */
export function requestOver(
  stream: Duplex,
  { body, headers, ...options }: HttpRequest,
): Promise<HttpResponse> {
  const isJson = body !== undefined && !(body instanceof Uint8Array);
  const json = isJson ? { "content-type": "application/json" } : {};
  return new Promise((resolve, reject) => {
    const sent = request({
      ...options,
      headers: { host: "localhost", connection: "close", ...json, ...headers },
      createConnection: () => stream,
    });
    sent.on("error", reject);
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("error", reject);
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const { statusCode: status = 0, headers: received } = response;
        resolve({ status, headers: received, body: Buffer.concat(chunks) });
      });
    });
    sent.end(isJson ? JSON.stringify(body) : body);
  });
}
