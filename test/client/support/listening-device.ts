/** A connected device that records its deliveries, for tests. */

import { createDeferred } from "../../../src/async/deferred.ts";
import type {
  Delivery,
  DeviceConnection,
  DeviceConnectOptions,
} from "../../../src/client/connection/device-connection.ts";
import { connectDevice } from "../../../src/client/device/connect-device.ts";
import type { ClientError } from "../../../src/client/errors/client-error.ts";
import { parseDeviceConnectionString } from "../../../src/core/connection-string.ts";

export interface ListeningDevice {
  readonly connection: DeviceConnection;
  readonly deliveries: readonly Delivery[];
  readonly disconnects: readonly ClientError[];
  readonly disconnected: Promise<ClientError>;
  /** Resolves with the delivery at this index, received or still to come. */
  delivery(index: number): Promise<Delivery>;
}

export interface DeviceTarget {
  readonly connectionString: string;
  readonly ca?: string;
}

export async function connectListening(
  { connectionString, ca }: DeviceTarget,
  options: Partial<DeviceConnectOptions> & Pick<DeviceConnectOptions, "transport">,
): Promise<ListeningDevice> {
  const deliveries: Delivery[] = [];
  const disconnects: ClientError[] = [];
  const disconnected = createDeferred<ClientError>();
  const waiting = new Map<number, (delivery: Delivery) => void>();
  const connection = await connectDevice({
    connectionString: parseDeviceConnectionString(connectionString),
    ...(ca !== undefined && { ca }),
    keepAliveSeconds: 180,
    connectTimeoutMs: 10_000,
    pollIntervalMs: 20,
    onDelivery(delivery) {
      deliveries.push(delivery);
      waiting.get(deliveries.length - 1)?.(delivery);
    },
    onDisconnect(error) {
      disconnects.push(error);
      disconnected.resolve(error);
    },
    ...options,
  });
  return {
    connection,
    deliveries,
    disconnects,
    disconnected: disconnected.promise,
    delivery: (index) =>
      new Promise((resolve) => {
        const delivery = deliveries[index];
        if (delivery) resolve(delivery);
        else waiting.set(index, resolve);
      }),
  };
}
