/** Calls that the SDK's registry does not have, through its client for REST. */

import type { IncomingMessage } from "node:http";
import type { RestApiClient } from "azure-iothub/dist/common-http/rest_api_client.js";
import { versionQueryString } from "azure-iothub/dist/version.js";

export function purge(rest: RestApiClient, deviceId: string): Promise<Answered> {
  return call(rest, "DELETE", `${devicePath(deviceId)}/commands`, {}, null);
}

/** The SDK's update ignores the ETag, so it would undo what others have changed since. */
export function replace(
  rest: RestApiClient,
  deviceId: string,
  description: object,
  etag: string,
): Promise<Answered> {
  const headers = { "Content-Type": "application/json; charset=utf-8", "If-Match": `"${etag}"` };
  return call(rest, "PUT", devicePath(deviceId), headers, description);
}

function devicePath(deviceId: string): string {
  return `/devices/${encodeURIComponent(deviceId)}`;
}

interface Answered {
  readonly httpResponse: IncomingMessage;
}

function call(
  rest: RestApiClient,
  method: "PUT" | "DELETE",
  path: string,
  headers: Record<string, string>,
  body: object | null,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const url = `${path}${versionQueryString()}`;
    rest.executeApiCall(method, url, headers, body, (error, _body, httpResponse) => {
      if (error) reject(error);
      else resolve({ httpResponse: httpResponse as IncomingMessage });
    });
  });
}
