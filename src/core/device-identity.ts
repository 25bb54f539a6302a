/** Device identities: what the registry keeps of a device and which ids it accepts. */

import { HubError } from "./hub-error.ts";
import { MAX_DEVICE_ID_LENGTH } from "./limits.ts";

export interface DeviceIdentity {
  readonly deviceId: string;
  /** New each time a device of this id is created. */
  readonly generationId: string;
  /** New at each change. */
  readonly etag: string;
  readonly status: "enabled" | "disabled";
  readonly authentication: DeviceAuthentication;
}

export type DeviceAuthentication =
  /** Keys in base64. */
  { readonly type: "sas"; readonly primaryKey: string; readonly secondaryKey: string };

/**
 * @throws HubError ArgumentInvalid for an id the identity registry does not accept: 1 to 128 ASCII
 * letters, digits and `- . + % _ # * ? ! ( ) , = @ $ '` (identity registry guide, 2026-02); `:` and
 * `;` are accepted too, as the service's API description lists them.
 */
export function validateDeviceId(deviceId: string): void {
  if (/^[A-Za-z0-9\-.+%_#*?!(),=@$':;]+$/.test(deviceId) && deviceId.length <= MAX_DEVICE_ID_LENGTH)
    return;
  throw new HubError(
    "ArgumentInvalid",
    `A device id has 1 to ${MAX_DEVICE_ID_LENGTH} ASCII letters, digits and - . + % _ # * ? ! ( ) , = @ $ ' : ;`,
  );
}

/** What a policy of the hub allows. */
export type Permission = "RegistryRead" | "RegistryWrite" | "ServiceConnect" | "DeviceConnect";

export interface Policy {
  readonly name: string;
  readonly permissions: readonly Permission[];
  /** Base64. */
  readonly primaryKey: string;
  readonly secondaryKey: string;
}

/** The policies every hub is born with, and their permissions (identity and access guide, 2026-02). */
export const DEFAULT_POLICIES: Readonly<Record<string, readonly Permission[]>> = {
  iothubowner: ["RegistryRead", "RegistryWrite", "ServiceConnect", "DeviceConnect"],
  service: ["ServiceConnect"],
  device: ["DeviceConnect"],
  registryRead: ["RegistryRead"],
  registryReadWrite: ["RegistryRead", "RegistryWrite"],
};

/** The owner's policy, which may do everything. */
export const OWNER_POLICY = "iothubowner";
