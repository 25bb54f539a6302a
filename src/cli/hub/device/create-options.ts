import { randomBytes } from "node:crypto";
import {
  type DeviceAuthentication,
  type DeviceRequest,
  requireKey,
  requireThumbprint,
} from "../../../core/device-identity.ts";
import { HubError } from "../../../core/hub-error.ts";
import { UsageError } from "../../terminal/usage-error.ts";
import type { AuthMethod } from "../registry/auth-method.ts";
import type { CreateFlags } from "../registry/device-flags.ts";

/** The same length as keys made by the hub. */
const KEY_BYTES = 32;

const KEY_FLAGS = { primaryKey: "--primary-key", secondaryKey: "--secondary-key" } as const;

const THUMBPRINT_FLAGS = {
  primaryThumbprint: "--primary-thumbprint",
  secondaryThumbprint: "--secondary-thumbprint",
} as const;

/** @throws UsageError, which shows no key. */
export function toDeviceRequest(flags: CreateFlags): DeviceRequest {
  const { status, edgeEnabled, authMethod = "shared_private_key" } = flags;
  return {
    authentication: toAuthentication(flags, authMethod),
    ...(status !== undefined && { status }),
    ...(edgeEnabled && { isIotEdge: true }),
  };
}

function toAuthentication(flags: CreateFlags, method: AuthMethod): DeviceAuthentication {
  if (method !== "shared_private_key") rejectFlags(flags, KEY_FLAGS, method, "shared_private_key");
  if (method !== "x509_thumbprint") rejectFlags(flags, THUMBPRINT_FLAGS, method, "x509_thumbprint");
  switch (method) {
    case "shared_private_key":
      return toSas(flags);
    case "x509_thumbprint":
      return toSelfSigned(flags);
    case "x509_ca":
      return { type: "certificateAuthority" };
  }
}

/** The service requires both keys or neither, so a missing one is generated. */
function toSas({ primaryKey, secondaryKey }: CreateFlags): DeviceAuthentication {
  const isGeneratedByHub = primaryKey === undefined && secondaryKey === undefined;
  if (isGeneratedByHub) return { type: "sas", primaryKey: "", secondaryKey: "" };
  return {
    type: "sas",
    primaryKey: keyOf(KEY_FLAGS.primaryKey, primaryKey),
    secondaryKey: keyOf(KEY_FLAGS.secondaryKey, secondaryKey),
  };
}

function keyOf(flag: string, key = randomBytes(KEY_BYTES).toString("base64")): string {
  check(flag, () => requireKey(key), "Generate one: openssl rand -base64 32");
  return key;
}

function toSelfSigned({
  primaryThumbprint,
  secondaryThumbprint,
}: CreateFlags): DeviceAuthentication {
  if (primaryThumbprint === undefined) {
    throw new UsageError(
      "--auth-method x509_thumbprint requires --primary-thumbprint",
      FINGERPRINT_HINT,
    );
  }
  return {
    type: "selfSigned",
    primaryThumbprint: thumbprintOf(THUMBPRINT_FLAGS.primaryThumbprint, primaryThumbprint),
    ...(secondaryThumbprint !== undefined && {
      secondaryThumbprint: thumbprintOf(THUMBPRINT_FLAGS.secondaryThumbprint, secondaryThumbprint),
    }),
  };
}

const FINGERPRINT_HINT = "Print it: openssl x509 -in device.crt.pem -noout -fingerprint";

/** Without the colons that openssl prints between the bytes. */
function thumbprintOf(flag: string, text: string): string {
  const thumbprint = text.replaceAll(":", "");
  check(flag, () => requireThumbprint(thumbprint), FINGERPRINT_HINT);
  return thumbprint;
}

function check(flag: string, require: () => void, hint: string): void {
  try {
    require();
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    throw new UsageError(`${flag} is not valid. ${error.message}`, hint);
  }
}

function rejectFlags<K extends keyof CreateFlags>(
  flags: CreateFlags,
  names: Readonly<Record<K, string>>,
  method: AuthMethod,
  other: AuthMethod,
): void {
  for (const key of Object.keys(names) as K[]) {
    if (flags[key] === undefined) continue;
    throw new UsageError(
      `${names[key]} cannot be used with --auth-method ${method}`,
      `Omit it, or use --auth-method ${other}.`,
    );
  }
}
