/**
 * Does not use `client/registry`: every command with `--local` starts here and would have to load
 * the SDK, and a hung hub must be distinguished from another program on its port.
 */

import { existsSync } from "node:fs";
import { Agent, request } from "node:https";
import { text } from "node:stream/consumers";
import { ClientError } from "../../client/errors/client-error.ts";
import {
  type DeviceConnectionString,
  type DeviceCredential,
  parseHubConnectionString,
  splitHostPort,
} from "../../core/connection-string.ts";
import { HUB_ERRORS, type HubErrorName } from "../../core/hub-error.ts";
import { formatSasToken } from "../../core/sas-token.ts";
import { Secret } from "../../core/secret.ts";
import { type HubDescription, readHomeFile, STATUS_PATH, STOP_PATH } from "../../hub/home/home.ts";
import { hungHubHint } from "./kill-hint.ts";
import { resolveLocalhostTo } from "./resolve-localhost.ts";

/** A local hub that does not respond for this long counts as hung. */
const ANSWER_TIMEOUT_MS = 10_000;

export interface Bounds {
  /** 10 s by default and at most. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const TOKEN_SECONDS = 300;

/** A command's first calls follow each other; a handshake for each would take longer than they do. */
const agent = new Agent({ keepAlive: true, timeout: 1000 });

/**
 * Creates the device if it does not exist. The host name has the port that serves every protocol.
 *
 * @throws ClientError
 */
export async function ensureDevice(
  hub: HubDescription,
  deviceId: string,
): Promise<DeviceConnectionString> {
  const path = pathOf(deviceId);
  const found = await call(hub, "GET", path);
  const created =
    found.status === 404 ? await call(hub, "PUT", path, { body: { deviceId } }) : found;
  // Another command may have created it between the two calls.
  const device = created.status === 409 ? await call(hub, "GET", path) : created;
  return toConnectionString(hub, deviceId, device);
}

/** @throws ClientError DeviceNotFound for a deleted device, instead of creating it again. */
export async function findDevice(
  hub: HubDescription,
  deviceId: string,
): Promise<DeviceConnectionString> {
  const device = await call(hub, "GET", pathOf(deviceId));
  if (device.status !== 404) return toConnectionString(hub, deviceId, device);
  throw new ClientError("DeviceNotFound", `The local hub no longer has a device '${deviceId}'.`, {
    hint: "It was deleted in the meantime. Run the command again to create it.",
  });
}

/**
 * Whether this home's hub responds at that address: only it has the key of the home's certificate.
 *
 * @throws ClientError ConnectTimeout if nothing responds in time; the signal's reason.
 */
export async function isHomeHub(hub: HubDescription, bounds: Bounds): Promise<boolean> {
  if (!existsSync(hub.caFile)) return false;
  try {
    await call(hub, "GET", pathOf("probe"), bounds);
    return true;
  } catch (error) {
    if (error instanceof ClientError && error.name === "ConnectionLost") return false;
    throw error;
  }
}

export interface HubStatus {
  /** Since its start. */
  readonly refusedHandshakes: number;
}

/** @throws ClientError if the hub does not respond in time, or does not support the request. */
export async function readStatus(hub: HubDescription, timeoutMs: number): Promise<HubStatus> {
  const answer = await call(hub, "GET", STATUS_PATH, { timeoutMs });
  if (answer.status !== 200) throw toError(answer);
  return JSON.parse(answer.body) as HubStatus;
}

/**
 * Resolves before the hub has stopped; false for an older version, which does not support this.
 *
 * @throws ClientError
 */
export async function requestStop(hub: HubDescription): Promise<boolean> {
  const { status } = await call(hub, "POST", STOP_PATH);
  return status === 204;
}

/** @throws ClientError */
export async function isDeviceConnected(
  hub: HubDescription,
  deviceId: string,
  timeoutMs: number,
): Promise<boolean> {
  const { status, body } = await call(hub, "GET", pathOf(deviceId), { timeoutMs });
  if (status !== 200) return false;
  return (JSON.parse(body) as { connectionState?: string }).connectionState === "Connected";
}

export function notResponding({ pid }: HubDescription, cause?: unknown): ClientError {
  return new ClientError("ConnectTimeout", `The local hub (process ${pid}) is not responding.`, {
    cause,
    hint: hungHubHint(pid),
  });
}

function pathOf(deviceId: string): string {
  return `/devices/${encodeURIComponent(deviceId)}?api-version=2020-09-30`;
}

function toConnectionString(
  hub: HubDescription,
  deviceId: string,
  device: Answer,
): DeviceConnectionString {
  if (device.status !== 200) throw toError(device);
  return { type: "device", hostName: hub.endpoint, deviceId, credential: credentialOf(device) };
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function call(
  hub: HubDescription,
  method: "GET" | "PUT" | "POST",
  path: string,
  { body, timeoutMs = ANSWER_TIMEOUT_MS, signal }: Bounds & { readonly body?: object } = {},
): Promise<Answer> {
  const { host, port } = splitHostPort(hub.endpoint);
  resolveLocalhostTo(hub);
  const ca = readHomeFile(hub.caFile);
  const content = body && JSON.stringify(body);
  const deadline = AbortSignal.timeout(Math.min(timeoutMs, ANSWER_TIMEOUT_MS));
  return await new Promise((resolve, reject) => {
    const outgoing = request({
      host,
      port,
      path,
      method,
      ca,
      agent,
      signal: signal ? AbortSignal.any([deadline, signal]) : deadline,
      headers: {
        authorization: ownerToken(hub, host),
        ...(content && {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(content),
        }),
      },
    });
    const fail = (cause: unknown): void => {
      if (signal?.aborted) reject(signal.reason as Error);
      else reject(deadline.aborted ? notResponding(hub, cause) : unreachable(hub, cause));
    };
    outgoing.on("error", fail);
    outgoing.on("response", (response) => {
      text(response).then(
        (answer) => resolve({ status: response.statusCode ?? 0, body: answer }),
        fail,
      );
    });
    outgoing.end(content);
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

function credentialOf({ body }: Answer): DeviceCredential {
  const { authentication } = JSON.parse(body) as {
    authentication: { type: string; symmetricKey: { primaryKey: string } };
  };
  if (authentication.type !== "sas") return { type: "x509" };
  return { type: "key", sharedAccessKey: new Secret(authentication.symmetricKey.primaryKey) };
}

function toError({ status, body }: Answer): ClientError {
  const [, name, message] = /ErrorCode:(\w+);([^"]*)/.exec(body) ?? [];
  const known = name !== undefined && name in HUB_ERRORS ? (name as HubErrorName) : "ServerError";
  return new ClientError(known, message || `The local hub responded with status ${status}.`);
}

function unreachable(hub: HubDescription, cause: unknown): ClientError {
  return new ClientError(
    "ConnectionLost",
    `The local hub at ${hub.endpoint} closed the connection without a response.`,
    { cause, hint: "See c2d-hub status, and the hub's log in hub.log." },
  );
}
