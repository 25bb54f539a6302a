/**
 * How a service signs in: with the key of a shared access policy, or as a Microsoft Entra ID
 * principal.
 */

import type { HubConnectionString } from "../../core/connection-string.ts";

/** A token from Microsoft Entra ID. */
export interface EntraToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresOnTimestamp: number;
}

/** The part of an `@azure/identity` credential that is used. */
export interface EntraCredential {
  /** Throws, or returns null, when there is no token. */
  getToken(
    scope: string | string[],
    options?: { readonly abortSignal?: AbortSignal },
  ): Promise<EntraToken | null>;
}

/** A principal that needs the role "IoT Hub Data Contributor", or one with its permissions. */
export interface EntraLogin {
  readonly type: "entra";
  /** Host, with `:port` when it carries one. */
  readonly hostName: string;
  readonly credential: EntraCredential;
}

export type ServiceSignIn = HubConnectionString | EntraLogin;

/** The scope of a token for an IoT hub (the SDK's own). */
export const IOT_HUB_SCOPE = "https://iothubs.azure.net/.default";
