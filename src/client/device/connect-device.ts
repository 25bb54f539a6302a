import type { DeviceConnection, DeviceConnectOptions } from "../connection/device-connection.ts";
import type { Transport } from "../endpoint.ts";
import { ClientError } from "../errors/client-error.ts";

type Connect = (options: DeviceConnectOptions) => Promise<DeviceConnection>;

/** Each loads its SDK package only when used. */
const TRANSPORTS: Readonly<Record<Transport, () => Promise<Connect>>> = {
  mqtt,
  "mqtt-ws": mqtt,
  amqp,
  "amqp-ws": amqp,
  http: async () => (await import("./connect-http.ts")).connectHttp,
};

/**
 * Takes at most `connectTimeoutMs`, plus half a second to find the reason of a timeout. No retries.
 *
 * @throws ClientError IotHubUnauthorized, ServiceUnavailable, HostNotFound, ConnectionRefused,
 * UntrustedCertificate, TlsFailure, ConnectTimeout, ConnectionLost; ArgumentInvalid for an X.509
 * device without certificate; over HTTP also DeviceNotFound and Throttling.
 */
export async function connectDevice(options: DeviceConnectOptions): Promise<DeviceConnection> {
  if (options.connectionString.credential.type === "x509" && options.certificate === undefined) {
    throw new ClientError("ArgumentInvalid", "An X.509 device needs its certificate and key.", {
      hint: "Pass them with --cert-file and --key-file.",
    });
  }
  const connect = await TRANSPORTS[options.transport]();
  return await connect(options);
}

async function mqtt(): Promise<Connect> {
  return (await import("./connect-mqtt.ts")).connectMqtt;
}

async function amqp(): Promise<Connect> {
  return (await import("./connect-amqp.ts")).connectAmqp;
}
