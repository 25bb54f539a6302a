/** Requests to the local hub, over its REST. */

import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { text } from "node:stream/consumers";
import { ClientError } from "../../client/errors/client-error.ts";
import { parseHubConnectionString, splitHostPort } from "../../core/connection-string.ts";
import { HUB_ERRORS, type HubErrorName } from "../../core/hub-error.ts";
import { formatSasToken } from "../../core/sas-token.ts";
import { type HubDescription, readHomeFile } from "../../hub/home/home.ts";
import { hungHubHint } from "./kill-hint.ts";
import { resolveLocalhostTo } from "./resolve-localhost.ts";

/** A local hub that does not respond for this long counts as hung. */
export const ANSWER_TIMEOUT_MS = 10_000;

export interface Bounds {
  /** 10 s by default and at most. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

const TOKEN_SECONDS = 300;

/** A command's first calls follow each other; a handshake for each would take longer than they do. */
const agent = new Agent({ keepAlive: true, timeout: 1000 });

/** @throws ClientError ConnectTimeout, ConnectionLost; the signal's reason. */
export async function call(
  hub: HubDescription,
  method: "GET" | "PUT" | "POST",
  path: string,
  { body, timeoutMs = ANSWER_TIMEOUT_MS, signal }: Bounds & { readonly body?: object } = {},
): Promise<Answer> {
  const content = body && JSON.stringify(body);
  const deadline = AbortSignal.timeout(Math.min(timeoutMs, ANSWER_TIMEOUT_MS));
  const either = signal ? AbortSignal.any([deadline, signal]) : deadline;
  const responding = send(hub, { method, path, content, signal: either });
  try {
    const response = await responding;
    return { status: response.statusCode ?? 0, body: await text(response) };
  } catch (cause) {
    signal?.throwIfAborted();
    throw deadline.aborted ? notResponding(hub, cause) : unreachable(hub, cause);
  }
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly content?: string | undefined;
  readonly signal: AbortSignal;
}

/** @throws HomeError at once; what the connection fails with, later. */
export function send(
  hub: HubDescription,
  { content, ...options }: Request,
): Promise<IncomingMessage> {
  const { host, port } = splitHostPort(hub.endpoint);
  resolveLocalhostTo(hub);
  const headers = {
    authorization: ownerToken(hub, host),
    ...(content && {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(content),
    }),
  };
  const ca = readHomeFile(hub.caFile);
  return new Promise((resolve, reject) => {
    request({ ...options, host, port, ca, agent, headers })
      .on("error", reject)
      .on("response", resolve)
      .end(content);
  });
}

function ownerToken({ connectionString }: HubDescription, host: string): string {
  const { sharedAccessKeyName, sharedAccessKey } = parseHubConnectionString(connectionString);
  return formatSasToken({
    resource: host,
    key: sharedAccessKey.reveal(),
    policyName: sharedAccessKeyName,
    expirySeconds: Math.floor(Date.now() / 1000) + TOKEN_SECONDS,
  });
}

export function toError({ status, body }: Answer): ClientError {
  const [, name, message] = /ErrorCode:(\w+);([^"]*)/.exec(body) ?? [];
  if (name === "NotFound") {
    return new ClientError(
      "ServerError",
      "The running local hub is of an older version, which does not support this.",
      { hint: "Restart it: c2d-hub stop, then c2d-hub start." },
    );
  }
  const known = name !== undefined && name in HUB_ERRORS ? (name as HubErrorName) : "ServerError";
  return new ClientError(known, message || `The local hub responded with status ${status}.`, {
    hint:
      known === "DeviceNotFound" ? "List its devices with c2d-hub device list --local." : undefined,
  });
}

export function notResponding({ pid }: HubDescription, cause?: unknown): ClientError {
  return new ClientError("ConnectTimeout", `The local hub (process ${pid}) is not responding.`, {
    cause,
    hint: hungHubHint(pid),
  });
}

export function unreachable(hub: HubDescription, cause: unknown): ClientError {
  return new ClientError(
    "ConnectionLost",
    `The local hub at ${hub.endpoint} closed the connection without a response.`,
    { cause, hint: "See c2d-hub status, and the hub's log in hub.log." },
  );
}
