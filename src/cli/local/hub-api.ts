/** Calls to the running local hub's REST side: devices, as their owner. */

import { readFileSync } from "node:fs";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { ClientError } from "../../client/client-error.ts";
import {
  type DeviceConnectionString,
  parseHubConnectionString,
  splitHostPort,
} from "../../core/connection-string.ts";
import { HUB_ERRORS, type HubErrorName } from "../../core/hub-error.ts";
import { formatSasToken } from "../../core/sas-token.ts";
import { Secret } from "../../core/secret.ts";
import type { HubDescription } from "../../hub/home.ts";

/** How long the hub may take to answer, in milliseconds. */
const REQUEST_TIMEOUT_MS = 10_000;

/** How long the token of one request holds, in seconds. */
const TOKEN_SECONDS = 300;

/**
 * The device's connection string, for our own clients: its host name carries the port that serves
 * every protocol. The device is created if the hub does not have it.
 *
 * @throws ClientError
 */
export async function ensureDevice(
  hub: HubDescription,
  deviceId: string,
): Promise<DeviceConnectionString> {
  const path = `/devices/${encodeURIComponent(deviceId)}?api-version=2020-09-30`;
  const found = await call(hub, "GET", path);
  const created = found.status === 404 ? await call(hub, "PUT", path, { deviceId }) : found;
  // Another command may have created it between the two calls.
  const device = created.status === 409 ? await call(hub, "GET", path) : created;
  if (device.status !== 200) throw toError(device);
  return {
    type: "device",
    hostName: hub.endpoint,
    deviceId,
    credential: { type: "key", sharedAccessKey: new Secret(primaryKeyOf(device.body)) },
  };
}

/** Whether the hub that answers there is this home's: only it has the key to the home's certificate. */
export async function isOwnHub(hub: HubDescription): Promise<boolean> {
  return await call(hub, "GET", "/devices/probe?api-version=2020-09-30").then(
    () => true,
    () => false,
  );
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function call(
  hub: HubDescription,
  method: "GET" | "PUT",
  path: string,
  body?: object,
): Promise<Answer> {
  const { host, port } = splitHostPort(hub.endpoint);
  const content = body && JSON.stringify(body);
  return await new Promise((resolve, reject) => {
    const outgoing = request({
      host,
      port,
      path,
      method,
      ca: readFileSync(hub.caFile),
      agent: false,
      timeout: REQUEST_TIMEOUT_MS,
      headers: {
        authorization: ownerToken(hub, host),
        ...(content && {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(content),
        }),
      },
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer")));
    outgoing.on("error", (cause) => reject(unreachable(hub, cause)));
    outgoing.on("response", (response) => {
      text(response).then(
        (answer) => resolve({ status: response.statusCode ?? 0, body: answer }),
        (cause: unknown) => reject(unreachable(hub, cause)),
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

function primaryKeyOf(body: string): string {
  const device = JSON.parse(body) as {
    authentication?: { symmetricKey?: { primaryKey?: string | null } };
  };
  const key = device.authentication?.symmetricKey?.primaryKey;
  if (key) return key;
  throw new ClientError("ArgumentInvalid", "The device does not sign in with a key.", {
    hint: "Name another device with --device-id.",
  });
}

function toError({ status, body }: Answer): ClientError {
  const [, name, message] = /ErrorCode:(\w+);([^"]*)/.exec(body) ?? [];
  const known = name !== undefined && name in HUB_ERRORS ? (name as HubErrorName) : "ServerError";
  return new ClientError(known, message || `The local hub answered with status ${status}.`);
}

function unreachable(hub: HubDescription, cause: unknown): ClientError {
  return new ClientError("ConnectionLost", `The local hub at ${hub.endpoint} did not answer.`, {
    cause,
    hint: "See c2d-hub status and its log, hub.log.",
  });
}
