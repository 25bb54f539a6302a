/** What the page asks the hub to do. */

import {
  API_PATH,
  type ContentView,
  DEVICE_ID_MARK,
  PAGE_HEADER,
  type PageError,
  type SendRequest,
} from "../../hub/page/page-types.ts";

/** The hub's words. */
export class RequestError extends Error {
  override readonly name: string;

  constructor({ name, message }: PageError) {
    super(message);
    this.name = name;
  }
}

const UNREACHABLE = { name: "HubUnreachable", message: "The hub does not answer." };

export function readContent(list: "messages" | "events", key: string): Promise<ContentView> {
  return requestJson("GET", `${list}/${encodeURIComponent(key)}`);
}

export async function sendMessage(request: SendRequest): Promise<void> {
  await requestHub("POST", "messages", request);
}

export async function createDevice(deviceId: string): Promise<void> {
  await requestHub("PUT", devicePath(deviceId), {});
}

export async function enableDevice(deviceId: string, isEnabled: boolean): Promise<void> {
  await requestHub("PATCH", devicePath(deviceId), { isEnabled });
}

export async function deleteDevice(deviceId: string): Promise<void> {
  await requestHub("DELETE", devicePath(deviceId));
}

export async function purgeQueue(deviceId: string): Promise<number> {
  const path = `${devicePath(deviceId)}/messages`;
  const { purged } = await requestJson<{ purged: number }>("DELETE", path);
  return purged;
}

function devicePath(deviceId: string): string {
  return `devices/${DEVICE_ID_MARK}${encodeURIComponent(deviceId)}`;
}

async function requestJson<T>(method: string, path: string): Promise<T> {
  return (await requestHub(method, path)).json();
}

async function requestHub(method: string, path: string, body?: unknown): Promise<Response> {
  const headers = new Headers({ [PAGE_HEADER.name]: PAGE_HEADER.value });
  if (body !== undefined) headers.set("content-type", "application/json");
  const response = await fetch(API_PATH + path, {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
  }).catch(() => {
    throw new RequestError(UNREACHABLE);
  });
  if (!response.ok) throw new RequestError(await errorOf(response));
  return response;
}

async function errorOf(response: Response): Promise<PageError> {
  const error: Partial<PageError> = await response.json().catch(() => ({}));
  const { name = `HTTP ${response.status}`, message = "The hub refused the request." } = error;
  return { name, message };
}
