/** Each device is created, updated or deleted individually (rule registry-bulk). */

import { HubError, toHubError } from "../../core/hub-error.ts";
import type { Registry } from "../model/identity-registry.ts";
import { readDeviceRequest } from "./device-json.ts";
import type { HttpReply } from "./http-reply.ts";
import { isObject, parseJson } from "./json-body.ts";

/** Per request (registry guide). */
const MAX_DEVICES = 100;

interface BulkItem {
  readonly deviceId: string;
  readonly importMode: string;
  readonly etag: string;
  readonly device: Readonly<Record<string, unknown>>;
}

interface BulkError {
  readonly deviceId: string;
  /** Azure's numeric code, as in the output of its import jobs. */
  readonly errorCode: number;
  readonly errorStatus: string;
  readonly moduleId: null;
  readonly operation: string;
}

type Act = (item: BulkItem, registry: Registry) => Promise<unknown>;

const create: Act = ({ deviceId, device }, registry) =>
  registry.create(deviceId, readDeviceRequest(device));
const updateIf =
  (etagOf: (item: BulkItem) => string): Act =>
  async (item, registry) => {
    // A missing device is not found, whatever the etag.
    registry.get(item.deviceId);
    return await registry.update(item.deviceId, readDeviceRequest(item.device), etagOf(item));
  };
const deleteIf =
  (etagOf: (item: BulkItem) => string): Act =>
  (item, registry) =>
    registry.delete(item.deviceId, etagOf(item));
const createOr =
  (update: Act): Act =>
  (item, registry) =>
    (registry.find(item.deviceId) ? update : create)(item, registry);

const any = (): string => "*";
const own = ({ etag }: BulkItem): string => etag;

/** By importMode in lower case: the SDKs use either case. */
const ACTS: Readonly<Record<string, Act>> = {
  create,
  update: updateIf(any),
  updateifmatchetag: updateIf(own),
  createorupdate: createOr(updateIf(any)),
  createorupdateifmatchetag: createOr(updateIf(own)),
  delete: deleteIf(any),
  deleteifmatchetag: deleteIf(own),
};

/** @throws HubError ArgumentInvalid for a body that is not a list of devices with their modes. */
export function parseBulk(body: Uint8Array): BulkItem[] {
  const items = parseJson(body);
  if (!Array.isArray(items) || items.length === 0 || items.length > MAX_DEVICES) {
    throw new HubError("ArgumentInvalid", `The body is not a list of 1 to ${MAX_DEVICES} devices.`);
  }
  return items.map((item: unknown) => {
    if (!isObject(item) || typeof item.id !== "string" || typeof item.importMode !== "string") {
      throw new HubError("ArgumentInvalid", "A device in the list has no id or no importMode.");
    }
    const { id: deviceId, importMode, eTag, etag = eTag } = item;
    if (!Object.hasOwn(ACTS, importMode.toLowerCase())) {
      throw new HubError("ArgumentInvalid", `The importMode '${importMode}' is not supported.`);
    }
    return { deviceId, importMode, etag: typeof etag === "string" ? etag : "", device: item };
  });
}

/** @returns The operations that failed; the others are applied. */
export async function runBulk(
  items: readonly BulkItem[],
  registry: Registry,
): Promise<BulkError[]> {
  const errors: BulkError[] = [];
  for (const item of items) {
    try {
      await ACTS[item.importMode.toLowerCase()]?.(item, registry);
    } catch (error) {
      const { number: errorCode, message: errorStatus } = toHubError(error);
      const { deviceId, importMode: operation } = item;
      errors.push({ deviceId, errorCode, errorStatus, moduleId: null, operation });
    }
  }
  return errors;
}

export function toBulkReply(errors: readonly BulkError[]): HttpReply {
  const isSuccessful = errors.length === 0;
  return { status: isSuccessful ? 200 : 400, body: { isSuccessful, errors, warnings: [] } };
}
