/** Opens the connection of a device, over the transport asked for. */

import { ClientError } from "./client-error.ts";
import { connectMqtt } from "./connect-mqtt.ts";
import type {
  DeviceConnection,
  DeviceConnectOptions,
  DeviceTransport,
} from "./device-connection.ts";

type Connect = (options: DeviceConnectOptions) => Promise<DeviceConnection>;

const TRANSPORTS: Readonly<Record<DeviceTransport, Connect | undefined>> = {
  mqtt: (options) => connectMqtt("mqtt", options),
  "mqtt-ws": (options) => connectMqtt("mqtt-ws", options),
  amqp: undefined,
  "amqp-ws": undefined,
  http: undefined,
};

/**
 * Resolves once the device is connected and subscribed, at most `connectTimeoutMs` after the call;
 * finding the reason of a timeout may take 3 s more. Nothing is retried: an ended connection is
 * reported once and stays ended.
 *
 * @throws ClientError IotHubUnauthorized, ServiceUnavailable, HostNotFound, ConnectionRefused,
 * UntrustedCertificate, TlsFailure, ConnectTimeout, ConnectionLost; ArgumentInvalid for a transport
 * that is not available or an X.509 device without certificate.
 */
export async function connectDevice(options: DeviceConnectOptions): Promise<DeviceConnection> {
  const connect = TRANSPORTS[options.transport];
  if (connect === undefined) {
    throw new ClientError(
      "ArgumentInvalid",
      `Transport ${options.transport} is not available yet.`,
      {
        hint: "Use --transport mqtt or mqtt-ws.",
      },
    );
  }
  if (options.connectionString.credential.type === "x509" && options.certificate === undefined) {
    throw new ClientError("ArgumentInvalid", "An X.509 device needs its certificate and key.", {
      hint: "Name them with --cert-file and --key-file.",
    });
  }
  return await connect(options);
}
