import { randomBytes } from "node:crypto";
import { requireKey } from "../../../core/device-identity.ts";
import { HubError } from "../../../core/hub-error.ts";
import { UsageError } from "../../terminal/usage-error.ts";

export const KEY_FLAGS = { primaryKey: "--primary-key", secondaryKey: "--secondary-key" } as const;

/** The same length as keys made by the hub. */
const KEY_BYTES = 32;

export function generateKey(): string {
  return randomBytes(KEY_BYTES).toString("base64");
}

/** @throws UsageError, which does not show the key. */
export function keyOf(name: keyof typeof KEY_FLAGS, key: string | undefined): string | undefined {
  if (key === undefined) return undefined;
  checkFlag(KEY_FLAGS[name], () => requireKey(key), "Generate one: openssl rand -base64 32");
  return key;
}

/** @throws UsageError with the reason of a HubError. */
export function checkFlag(flag: string, require: () => void, hint: string): void {
  try {
    require();
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    throw new UsageError(`${flag} is not valid. ${error.message}`, hint);
  }
}
