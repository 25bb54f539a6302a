import type { HubConnectionString } from "../../core/connection-string.ts";

export interface EntraToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresOnTimestamp: number;
}

export interface EntraCredential {
  /** Throws, or returns null, when there is no token. */
  getToken(
    scope: string | string[],
    options?: { readonly abortSignal?: AbortSignal },
  ): Promise<EntraToken | null>;
}

/** Needs the role "IoT Hub Data Contributor", or one with its permissions. */
export interface EntraLogin {
  readonly type: "entra";
  /** Host, with `:port` when it carries one. */
  readonly hostName: string;
  readonly credential: EntraCredential;
}

export type ServiceSignIn = HubConnectionString | EntraLogin;

export const IOT_HUB_SCOPE = "https://iothubs.azure.net/.default";
