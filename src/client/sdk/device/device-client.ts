import type { AuthenticationProvider } from "azure-iot-common";
import { AuthenticationType } from "azure-iot-common/dist/authentication_provider.js";
import { Client } from "azure-iot-device";
import { internals, method, number } from "../../../dependencies/internals.ts";
import { NO_RETRY } from "../shared/no-retry.ts";

const CLIENT = internals(["azure-iot-device"], "Client", {
  fromConnectionString: method<(text: string, transport: unknown) => Client>(),
});

const PROVIDER = internals(["azure-iot-device"], "authentication provider", {
  type: number,
  getDeviceCredentials: method<(done: (error: Error) => void) => void>(),
});

const TOKEN_PROVIDER = internals(["azure-iot-device"], "token authentication provider", {
  stop: method<() => void>(),
});

type Transport = ConstructorParameters<typeof Client>[0];

export interface SdkClient<T> {
  readonly client: Client;
  readonly transport: T;
  /** Also makes later attempts to connect fail: the SDK continues an open that nobody waits for. */
  retire(): void;
}

/**
 * @param create The SDK takes a constructor and does not expose the instance.
 * @throws IncompatiblePackage
 */
export function createSdkClient<T extends Transport>(
  connectionString: string,
  create: (authentication: AuthenticationProvider) => T,
): SdkClient<T> {
  let transport: T | undefined;
  let retire = (): void => {};
  function Constructor(authentication: AuthenticationProvider): T {
    retire = retirementOf(authentication);
    transport = create(authentication);
    return transport;
  }
  const client = CLIENT.of(Client).fromConnectionString(connectionString, Constructor);
  client.setRetryPolicy(NO_RETRY);
  if (transport === undefined) throw CLIENT.fault(".fromConnectionString", "creates no transport");
  return { client, transport, retire };
}

function retirementOf(authentication: AuthenticationProvider): () => void {
  const provider = PROVIDER.of(authentication);
  const isRenewed = provider.type === AuthenticationType.Token;
  const renewal = isRenewed ? TOKEN_PROVIDER.of(authentication) : undefined;
  return () => {
    provider.getDeviceCredentials = (done) => done(new Error("The connection is closed."));
    renewal?.stop();
  };
}
