/** The SDK's device client over a transport of ours. */

import type { AuthenticationProvider } from "azure-iot-common";
import { Client } from "azure-iot-device";
import { NO_RETRY } from "../shared/no-retry.ts";

/** What we touch of the SDK's providers of tokens and certificates. */
interface Provider {
  getDeviceCredentials(done: (error: Error) => void): void;
  stop?(): void;
}

type Transport = ConstructorParameters<typeof Client>[0];

export interface SdkClient<T> {
  readonly client: Client;
  readonly transport: T;
  /**
   * Stops the renewal of the token, and has fail what would connect from now on: the SDK goes on
   * with an opening that nobody waits for any more.
   */
  retire(): void;
}

/**
 * @param create Makes the transport. The SDK wants a constructor, and keeps what it makes to itself.
 */
export function createSdkClient<T extends Transport>(
  connectionString: string,
  create: (authentication: AuthenticationProvider) => T,
): SdkClient<T> {
  let transport: T | undefined;
  let provider: Provider | undefined;
  function Constructor(authentication: AuthenticationProvider): T {
    provider = authentication as unknown as Provider;
    transport = create(authentication);
    return transport;
  }
  const client = Client.fromConnectionString(connectionString, Constructor);
  client.setRetryPolicy(NO_RETRY);
  if (transport === undefined) throw new Error("The SDK made no transport.");
  return {
    client,
    transport,
    retire() {
      if (provider === undefined) return;
      provider.getDeviceCredentials = (done) => done(new Error("The connection is closed."));
      provider.stop?.();
    },
  };
}
