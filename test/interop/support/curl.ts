/** Requests by curl, which verifies the hub's certificate. */

import { type InteropHub, startProgram } from "./interop-hub.ts";

export interface CurlReply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** @param url Without the hub's address and `api-version`. */
export async function curl(
  interop: InteropHub,
  url: string,
  ...args: readonly string[]
): Promise<CurlReply> {
  const { host, port } = interop.endpoint;
  const separator = url.includes("?") ? "&" : "?";
  const address = `https://${host}:${port}${url}${separator}api-version=2021-04-12`;
  return curlTo(interop, address, ...args);
}

/** @param address Whole. */
export async function curlTo(
  interop: InteropHub,
  address: string,
  ...args: readonly string[]
): Promise<CurlReply> {
  const trust = ["--cacert", interop.hub.caFile];
  const all = ["--silent", "--show-error", "--include", ...trust, ...args, address];
  const { code, stdout, stderr } = await startProgram("curl", all, interop).ended;
  if (code !== 0) throw new Error(`curl ended with ${code}: ${stderr}`);
  return readReply(stdout);
}

/** Arguments of a request with this token. */
export function withToken(token: string): readonly string[] {
  return ["--header", `Authorization: ${token}`];
}

/** Arguments of a request with a JSON body. */
export function withJson(value: unknown): readonly string[] {
  return ["--header", "Content-Type: application/json", "--data-binary", JSON.stringify(value)];
}

function readReply(text: string): CurlReply {
  const end = text.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = text.slice(0, end).split("\r\n");
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return {
    status: Number(statusLine.split(" ")[1]),
    headers: Object.fromEntries(headers),
    body: text.slice(end + 4),
  };
}
