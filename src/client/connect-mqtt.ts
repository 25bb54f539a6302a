/** A device's connection: MQTT over TLS (port 8883) or over WebSocket (port 443). */

import { formatDeviceConnectionString } from "../core/connection-string.ts";
import { ClientError } from "./client-error.ts";
import { ConnectAbortedError } from "./connect-aborted-error.ts";
import { ConnectionEnd } from "./connection-end.ts";
import type { DeviceConnection, DeviceConnectOptions } from "./device-connection.ts";
import { type Endpoint, endpointOf, formatEndpoint } from "./endpoint.ts";
import { toDelivery } from "./mqtt-delivery.ts";
import { refusalByConnack } from "./mqtt-refusal.ts";
import { toNetworkError } from "./network-error.ts";
import { probe } from "./probe.ts";
import type { MqttClient } from "./sdk-hooks/mqtt-client.ts";
import { createMqttDeviceClient, type MqttDeviceClient } from "./sdk-hooks/mqtt-device-client.ts";
import { type IncomingPublish, takePublishes } from "./sdk-hooks/take-publishes.ts";
import { trustedCertificates } from "./trusted-certificates.ts";
import { DeadlinePassedError, within } from "./within.ts";

export type MqttTransport = "mqtt" | "mqtt-ws";

interface Route {
  readonly port: number;
  uri(where: string): string;
}

/** The ports are for host names that carry none. */
const ROUTES: Readonly<Record<MqttTransport, Route>> = {
  mqtt: { port: 8883, uri: (where) => `mqtts://${where}` },
  "mqtt-ws": { port: 443, uri: (where) => `wss://${where}/$iothub/websocket` },
};

/** How long a hub may take to close its side after DISCONNECT. */
const CLOSE_TIMEOUT_MS = 3000;

/** @throws ClientError, as `connectDevice` says. */
export async function connectMqtt(
  transport: MqttTransport,
  options: DeviceConnectOptions,
): Promise<DeviceConnection> {
  const connection = new MqttConnection(ROUTES[transport], options);
  await connection.open();
  return connection;
}

class MqttConnection implements DeviceConnection {
  readonly #options: DeviceConnectOptions;
  readonly #endpoint: Endpoint;
  readonly #ca: string[] | undefined;
  readonly #client: MqttDeviceClient;
  readonly #end = new ConnectionEnd();
  #state: "opening" | "open" | "closed" = "opening";
  /** The last error mqtt.js told; it knows more than what the SDK makes of it. */
  #cause: Error | undefined;
  #hasRefusedSubscription = false;
  #closing: Promise<void> | undefined;

  constructor(route: Route, options: DeviceConnectOptions) {
    const { connectionString } = options;
    const { gatewayHostName, hostName } = connectionString;
    this.#options = options;
    this.#endpoint = endpointOf(gatewayHostName ?? hostName, route.port);
    this.#ca = trustedCertificates(options.ca);
    this.#client = createMqttDeviceClient({
      connectionString: formatDeviceConnectionString(connectionString),
      uri: route.uri(formatEndpoint(this.#endpoint)),
      certificate: options.certificate,
      mqtt: {
        keepalive: options.keepAliveSeconds,
        connectTimeout: options.connectTimeoutMs,
        ...(this.#ca !== undefined && { ca: this.#ca }),
      },
      onClient: (client) => this.#watch(client),
    });
    this.#client.onDisconnect(() => this.#onDisconnect());
  }

  async open(): Promise<void> {
    const { signal } = this.#options;
    const giveUp = (): void => this.#end.end(new ConnectAbortedError());
    if (signal?.aborted) giveUp();
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      await within(this.#options.connectTimeoutMs, this.#end.before(this.#connectAndSubscribe()));
      this.#state = "open";
    } catch (error) {
      this.#state = "closed";
      this.#client.destroy();
      throw await this.#explain(error);
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #connectAndSubscribe(): Promise<void> {
    await this.#client.open();
    await this.#client.subscribe();
    if (this.#hasRefusedSubscription) {
      throw new ClientError("IotHubUnauthorized", "The hub refused the subscription to messages.");
    }
  }

  #watch(client: MqttClient): void {
    client.on("error", (error: Error) => {
      this.#cause = error;
    });
    // The SDK takes a refused subscription for a success.
    client.on("packetreceive", (packet: { cmd: string; granted?: readonly number[] }) => {
      if (packet.cmd !== "suback") return;
      this.#hasRefusedSubscription = packet.granted?.some((code) => code >= 0x80) ?? false;
    });
    takePublishes(client, (publish) => this.#onPublish(publish));
  }

  #onPublish(publish: IncomingPublish): boolean {
    const delivery = toDelivery(publish, this.#options.connectionString.deviceId);
    if (delivery === undefined) return false;
    if (this.#state !== "closed") this.#options.onDelivery(delivery);
    return true;
  }

  #onDisconnect(): void {
    const error = this.#loss();
    this.#end.end(error);
    if (this.#state !== "open") return;
    this.#state = "closed";
    this.#client.destroy();
    this.#options.onDisconnect(error);
  }

  async #close(): Promise<void> {
    const wasOpen = this.#state === "open";
    this.#state = "closed";
    if (wasOpen) await within(CLOSE_TIMEOUT_MS, this.#client.close()).catch(() => {});
    this.#client.destroy();
  }

  async #explain(error: unknown): Promise<ClientError> {
    if (error instanceof ConnectAbortedError) return error;
    const known = this.#refusal() ?? toNetworkError(this.#cause, this.#endpoint);
    if (known) return known;
    if (error instanceof ClientError && error.name !== "ConnectionLost") return error;
    return (await probe(this.#endpoint, this.#ca)) ?? this.#silence(error);
  }

  #silence(cause: unknown): ClientError {
    const where = formatEndpoint(this.#endpoint);
    if (!(cause instanceof DeadlinePassedError)) return this.#loss(cause);
    return new ClientError(
      "ConnectTimeout",
      `${where} takes connections but did not answer within ${this.#options.connectTimeoutMs} ms.`,
      { cause, hint: "Check that it is an IoT hub, or raise --connect-timeout." },
    );
  }

  #loss(cause: unknown = this.#cause): ClientError {
    const where = formatEndpoint(this.#endpoint);
    return (
      this.#refusal() ??
      new ClientError("ConnectionLost", `The connection to ${where} ended.`, { cause })
    );
  }

  #refusal(): ClientError | undefined {
    return refusalByConnack(this.#cause, this.#options.connectionString.deviceId);
  }
}
