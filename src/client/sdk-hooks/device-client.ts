/** The SDK's device client over a transport of ours. */

import type { AuthenticationProvider } from "azure-iot-common";
import { Client } from "azure-iot-device";
import { NO_RETRY } from "./no-retry.ts";

type Transport = ConstructorParameters<typeof Client>[0];

/**
 * @param create Makes the transport. The SDK wants a constructor, and keeps what it makes to itself.
 */
export function createSdkClient<T extends Transport>(
  connectionString: string,
  create: (authentication: AuthenticationProvider) => T,
): { readonly client: Client; readonly transport: T } {
  let transport: T | undefined;
  function Constructor(authentication: AuthenticationProvider): T {
    transport = create(authentication);
    return transport;
  }
  const client = Client.fromConnectionString(connectionString, Constructor);
  client.setRetryPolicy(NO_RETRY);
  if (transport === undefined) throw new Error("The SDK made no transport.");
  return { client, transport };
}
