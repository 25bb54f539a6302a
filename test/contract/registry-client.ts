import { callRest, type RestEndpoint, type RestReply, type RestRequest } from "./rest.ts";

/** The fields of a device identity that the rules use. */
export interface DeviceJson {
  readonly deviceId: string;
  readonly generationId: string;
  readonly status: "enabled" | "disabled";
  readonly connectionState: "Connected" | "Disconnected";
  readonly cloudToDeviceMessageCount: number;
  readonly authentication: {
    readonly symmetricKey: { readonly primaryKey: string; readonly secondaryKey: string };
  };
}

/** The registry and the purge endpoint, over plain HTTPS requests. */
export class RegistryClient {
  readonly #endpoint: RestEndpoint;
  readonly #createToken: () => string;

  constructor(endpoint: RestEndpoint, createToken: () => string) {
    this.#endpoint = endpoint;
    this.#createToken = createToken;
  }

  create(deviceId: string): Promise<DeviceJson> {
    return this.#device("PUT", deviceId, {}, { deviceId, status: "enabled" });
  }

  get(deviceId: string): Promise<DeviceJson> {
    return this.#device("GET", deviceId);
  }

  /** Updates the given fields, whatever the etag. */
  async update(deviceId: string, changes: object): Promise<DeviceJson> {
    const current = await this.get(deviceId);
    return this.#device("PUT", deviceId, { "if-match": '"*"' }, { ...current, ...changes });
  }

  async delete(deviceId: string): Promise<void> {
    await this.#call("DELETE", pathOf(deviceId), { "if-match": "*" }, undefined, 204);
  }

  /** @returns the number of messages that were purged. */
  async purge(deviceId: string): Promise<number> {
    const { body } = await this.#call("DELETE", `${pathOf(deviceId)}/commands`);
    const reply = JSON.parse(body.toString()) as { totalMessagesPurged: number };
    return reply.totalMessagesPurged;
  }

  async #device(
    method: "GET" | "PUT",
    deviceId: string,
    headers: Record<string, string> = {},
    json?: object,
  ): Promise<DeviceJson> {
    const { body } = await this.#call(method, pathOf(deviceId), headers, json);
    return JSON.parse(body.toString()) as DeviceJson;
  }

  async #call(
    method: RestRequest["method"],
    path: string,
    headers: Record<string, string> = {},
    json?: object,
    status = 200,
  ): Promise<RestReply> {
    const token = this.#createToken();
    const reply = await callRest(this.#endpoint, { method, path, headers, json, token });
    if (reply.status === status) return reply;
    throw new Error(`${method} ${path}: ${reply.status} ${reply.body.toString()}`);
  }
}

function pathOf(deviceId: string): string {
  return `/devices/${encodeURIComponent(deviceId)}`;
}
