/** As parsed by commander. Times in milliseconds. */

import type { DeviceStatus } from "../../../core/device-identity.ts";
import type { CommonFlags } from "../../program/common-options.ts";
import type { AuthMethod } from "./auth-method.ts";

export interface RegistryFlags extends CommonFlags {
  readonly connectTimeout: number;
  readonly ca?: string;
}

export interface ShowFlags extends RegistryFlags {
  readonly showKeys?: true;
}

export interface CreateFlags extends ShowFlags {
  readonly ifNotExists?: true;
  readonly authMethod?: AuthMethod;
  readonly primaryKey?: string;
  readonly secondaryKey?: string;
  readonly primaryThumbprint?: string;
  readonly secondaryThumbprint?: string;
  readonly status?: DeviceStatus;
  readonly edgeEnabled?: true;
  /** True without a file name. */
  readonly writeEnv?: string | true;
}

export type KeyToRenew = "primary" | "secondary" | "both" | "swap";

export interface UpdateFlags extends RegistryFlags {
  readonly status?: DeviceStatus;
  readonly primaryKey?: string;
  readonly secondaryKey?: string;
  readonly regenerateKey?: KeyToRenew;
}
