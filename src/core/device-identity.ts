import { HubError } from "./hub-error.ts";
import { MAX_DEVICE_ID_LENGTH } from "./limits.ts";

export interface DeviceIdentity {
  readonly deviceId: string;
  /** New each time a device with this id is created (rule registry-generation). */
  readonly generationId: string;
  readonly etag: string;
  readonly status: DeviceStatus;
  readonly statusReason?: string;
  /** Milliseconds since the epoch, UTC; absent until the status first changes. */
  readonly statusUpdatedTimeMs?: number;
  readonly authentication: DeviceAuthentication;
  readonly isIotEdge: boolean;
}

export type DeviceStatus = "enabled" | "disabled";

export type DeviceAuthentication =
  /** Keys in base64. */
  | { readonly type: "sas"; readonly primaryKey: string; readonly secondaryKey: string }
  /** SHA-1 or SHA-256 in hex. */
  | {
      readonly type: "selfSigned";
      readonly primaryThumbprint: string;
      readonly secondaryThumbprint?: string;
    }
  | { readonly type: "certificateAuthority" };

/** The registry generates keys that are empty. */
export interface DeviceRequest {
  readonly status?: DeviceStatus;
  readonly statusReason?: string;
  readonly authentication?: DeviceAuthentication;
  readonly isIotEdge?: boolean;
}

export interface FreshValues {
  readonly generationId: string;
  readonly etag: string;
  /** Base64. */
  createKey(): string;
  readonly nowMs: number;
}

/** @throws HubError ArgumentInvalid for an id or a key the registry does not accept. */
export function createIdentity(
  deviceId: string,
  request: DeviceRequest,
  fresh: FreshValues,
): DeviceIdentity {
  validateDeviceId(deviceId);
  return {
    deviceId,
    generationId: fresh.generationId,
    etag: fresh.etag,
    status: request.status ?? "enabled",
    ...(request.statusReason !== undefined && { statusReason: request.statusReason }),
    authentication: completeAuthentication(request.authentication, fresh),
    isIotEdge: request.isIotEdge ?? false,
  };
}

/** Absent fields stay unchanged, empty keys are regenerated (rule registry-update-keys). */
export function updateIdentity(
  current: DeviceIdentity,
  request: DeviceRequest,
  fresh: FreshValues,
): DeviceIdentity {
  const status = request.status ?? current.status;
  return {
    ...current,
    etag: fresh.etag,
    status,
    ...(request.statusReason !== undefined && { statusReason: request.statusReason }),
    ...(status !== current.status && { statusUpdatedTimeMs: fresh.nowMs }),
    authentication: request.authentication
      ? completeAuthentication(request.authentication, fresh)
      : current.authentication,
    isIotEdge: request.isIotEdge ?? current.isIotEdge,
  };
}

/** @throws HubError PreconditionFailed unless `*` or equal; quotes and `W/` are ignored. */
export function requireMatch(ifMatch: string, etag: string): void {
  const wanted = ifMatch.replace(/^W\//, "").replace(/^"(.*)"$/, "$1");
  if (wanted === "*" || wanted === etag) return;
  throw new HubError("PreconditionFailed", "The device has changed: its etag differs.");
}

export function hasNewCredentials(before: DeviceIdentity, after: DeviceIdentity): boolean {
  return (
    before.generationId !== after.generationId ||
    JSON.stringify(before.authentication) !== JSON.stringify(after.authentication)
  );
}

/**
 * The service's API description also lists `:` (rule registry-device-id). `;` would end the id in a
 * connection string.
 * @throws HubError ArgumentInvalid
 */
export function validateDeviceId(deviceId: string): void {
  const isAllowed = /^[A-Za-z0-9\-.+%_#*?!(),=@$':]+$/.test(deviceId);
  if (isAllowed && deviceId.length <= MAX_DEVICE_ID_LENGTH) return;
  throw new HubError(
    "ArgumentInvalid",
    `A device id has 1 to ${MAX_DEVICE_ID_LENGTH} ASCII letters, digits and - . : + % _ # * ? ! ( ) , = @ $ '.`,
  );
}

export type Permission = "RegistryRead" | "RegistryWrite" | "ServiceConnect" | "DeviceConnect";

export interface Policy {
  readonly name: string;
  readonly permissions: readonly Permission[];
  /** Base64. */
  readonly primaryKey: string;
  readonly secondaryKey: string;
}

/** The policies of every hub (identity and access guide, 2026-02). */
export const DEFAULT_POLICIES: Readonly<Record<string, readonly Permission[]>> = {
  iothubowner: ["RegistryRead", "RegistryWrite", "ServiceConnect", "DeviceConnect"],
  service: ["ServiceConnect"],
  device: ["DeviceConnect"],
  registryRead: ["RegistryRead"],
  registryReadWrite: ["RegistryRead", "RegistryWrite"],
};

export const OWNER_POLICY = "iothubowner";

function completeAuthentication(
  requested: DeviceAuthentication | undefined,
  fresh: FreshValues,
): DeviceAuthentication {
  if (requested === undefined || requested.type === "sas") {
    const primaryKey = requested?.primaryKey || fresh.createKey();
    const secondaryKey = requested?.secondaryKey || fresh.createKey();
    requireKey(primaryKey);
    requireKey(secondaryKey);
    return { type: "sas", primaryKey, secondaryKey };
  }
  if (requested.type === "selfSigned") {
    requireThumbprint(requested.primaryThumbprint);
    if (requested.secondaryThumbprint !== undefined) {
      requireThumbprint(requested.secondaryThumbprint);
    }
  }
  return requested;
}

/** @throws HubError ArgumentInvalid unless it is 16 to 64 bytes (identity registry guide). */
export function requireKey(key: string): void {
  const bytes = Buffer.from(key, "base64");
  const isBase64 = bytes.toString("base64") === key;
  if (isBase64 && bytes.length >= 16 && bytes.length <= 64) return;
  throw new HubError("ArgumentInvalid", "A symmetric key is 16 to 64 bytes in base64.");
}

/** @throws HubError ArgumentInvalid: a thumbprint is a SHA-1 or a SHA-256 in hex. */
export function requireThumbprint(thumbprint: string): void {
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/i.test(thumbprint)) return;
  throw new HubError("ArgumentInvalid", "A thumbprint has 40 (SHA-1) or 64 (SHA-256) hex digits.");
}
