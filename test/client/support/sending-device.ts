/** A connected device that sends events, for tests. */

import { createDeferred } from "../../../src/async/deferred.ts";
import type {
  DeviceConnection,
  DeviceConnectOptions,
} from "../../../src/client/connection/device-connection.ts";
import { connectDevice } from "../../../src/client/device/connect-device.ts";
import type { ClientError } from "../../../src/client/errors/client-error.ts";
import { parseDeviceConnectionString } from "../../../src/core/connection-string.ts";

export interface SendingDevice {
  readonly connection: DeviceConnection;
  readonly disconnects: readonly ClientError[];
  readonly disconnected: Promise<ClientError>;
}

/** @param hub Where it is, and what to trust there. */
export async function connectSending(
  { hostName, ca }: { readonly hostName: string; readonly ca: string },
  options: Partial<DeviceConnectOptions> & Pick<DeviceConnectOptions, "transport">,
): Promise<SendingDevice> {
  const disconnects: ClientError[] = [];
  const disconnected = createDeferred<ClientError>();
  const connection = await connectDevice({
    connectionString: parseDeviceConnectionString(
      `HostName=${hostName};DeviceId=device1;SharedAccessKey=c2VjcmV0`,
    ),
    ca,
    isSending: true,
    keepAliveSeconds: 10_000,
    connectTimeoutMs: 5000,
    onDisconnect(error) {
      disconnects.push(error);
      disconnected.resolve(error);
    },
    ...options,
  });
  return { connection, disconnects, disconnected: disconnected.promise };
}
