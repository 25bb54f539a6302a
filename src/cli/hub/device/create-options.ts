import {
  type DeviceAuthentication,
  type DeviceRequest,
  requireThumbprint,
} from "../../../core/device-identity.ts";
import { UsageError } from "../../terminal/usage-error.ts";
import type { AuthMethod } from "../registry/auth-method.ts";
import type { CreateFlags } from "../registry/device-flags.ts";
import { checkFlag, generateKey, KEY_FLAGS, keyOf } from "./key-flags.ts";

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
    primaryKey: keyOf("primaryKey", primaryKey) ?? generateKey(),
    secondaryKey: keyOf("secondaryKey", secondaryKey) ?? generateKey(),
  };
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
  checkFlag(flag, () => requireThumbprint(thumbprint), FINGERPRINT_HINT);
  return thumbprint;
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
