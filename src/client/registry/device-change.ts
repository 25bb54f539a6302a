import type { DeviceStatus } from "../../core/device-identity.ts";
import type { Secret } from "../../core/secret.ts";
import { ClientError } from "../errors/client-error.ts";

/** What is absent stays as it is. */
export interface DeviceChange {
  readonly status?: DeviceStatus;
  readonly primaryKey?: Secret;
  readonly secondaryKey?: Secret;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * The description with the change. The rest is kept as the hub sent it, unknown fields included,
 * because the hub replaces the whole device.
 * @throws ClientError ArgumentInvalid for keys that the device cannot have, or that are not known.
 */
export function applyChange(description: Json, change: DeviceChange): Json {
  const { status } = change;
  const authentication = changeKeys(toJson(description.authentication), change);
  return {
    ...description,
    ...(status !== undefined && { status }),
    ...(authentication && { authentication }),
  };
}

function changeKeys(authentication: Json, change: DeviceChange): Json | undefined {
  const { primaryKey, secondaryKey } = change;
  const isSas = authentication.type === "sas";
  if (!isSas && (primaryKey ?? secondaryKey) !== undefined) {
    throw new ClientError("ArgumentInvalid", "The device authenticates without keys.", {
      hint: "It has a certificate: c2d-hub device show prints its thumbprints. Only its status can be updated.",
    });
  }
  if (!isSas) return undefined;
  const symmetricKey = {
    ...toJson(authentication.symmetricKey),
    ...(primaryKey && { primaryKey: primaryKey.reveal() }),
    ...(secondaryKey && { secondaryKey: secondaryKey.reveal() }),
  };
  requireKeys(symmetricKey);
  return { ...authentication, symmetricKey };
}

/** The hub would generate new ones in place of those that it did not send. */
function requireKeys({ primaryKey, secondaryKey }: Json): void {
  if (primaryKey && secondaryKey) return;
  throw new ClientError(
    "ArgumentInvalid",
    "The hub did not return the device's keys, so an update would replace them.",
    { hint: "Use a policy that can read and write keys, such as registryReadWrite." },
  );
}

function toJson(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}
