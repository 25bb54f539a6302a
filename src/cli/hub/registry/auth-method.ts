import type { DeviceAuthentication } from "../../../core/device-identity.ts";

export const AUTH_METHODS = ["shared_private_key", "x509_thumbprint", "x509_ca"] as const;

export type AuthMethod = (typeof AUTH_METHODS)[number];

const METHOD_OF: Readonly<Record<DeviceAuthentication["type"], AuthMethod>> = {
  sas: "shared_private_key",
  selfSigned: "x509_thumbprint",
  certificateAuthority: "x509_ca",
};

/** An unknown type is returned unchanged. */
export function toAuthMethod(type: string): string {
  return Object.hasOwn(METHOD_OF, type) ? METHOD_OF[type as DeviceAuthentication["type"]] : type;
}
