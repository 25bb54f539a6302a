import { formatDeviceConnectionString } from "../../core/connection-string.ts";
import type { Message } from "../../core/message.ts";
import type { DeviceConnection, DeviceConnectOptions } from "../connection/device-connection.ts";
import { uriOf } from "../endpoint.ts";
import { ClientError } from "../errors/client-error.ts";
import { refusalByConnack } from "../refusals/mqtt-refusal.ts";
import { type IncomingPublish, interceptPublishes } from "../sdk/device/intercept-publishes.ts";
import type { MqttClient } from "../sdk/device/mqtt-client.ts";
import { createMqttDeviceClient, type MqttDeviceClient } from "../sdk/device/mqtt-device-client.ts";
import { TopicTooLongError } from "../sdk/device/mqtt-events.ts";
import { DeviceSession } from "./device-session.ts";
import { toDelivery } from "./mqtt-delivery.ts";

/** Lets our connect timeout, which finds the reason, pass before mqtt.js's. */
const RENEWAL_GRACE_MS = 1000;

/** @throws ClientError, as `connectDevice` says. */
export async function connectMqtt(options: DeviceConnectOptions): Promise<DeviceConnection> {
  const session = new MqttSession(options);
  await session.open();
  return session;
}

class MqttSession extends DeviceSession {
  readonly #client: MqttDeviceClient;
  /** From mqtt.js: says more than the error the SDK makes of it. */
  #cause: Error | undefined;
  #hasRefusedSubscription = false;

  constructor(options: DeviceConnectOptions) {
    super(options);
    this.#client = createMqttDeviceClient({
      connectionString: formatDeviceConnectionString(options.connectionString),
      uri: uriOf(this.endpoint, options.transport),
      certificate: options.certificate,
      mqtt: {
        keepalive: options.keepAliveSeconds,
        connectTimeout: options.connectTimeoutMs + RENEWAL_GRACE_MS,
        // A session kept from before would deliver messages that nobody asked for.
        clean: options.onDelivery === undefined,
        ...(this.ca !== undefined && { ca: this.ca }),
        ...(this.agent && { wsOptions: { agent: this.agent } }),
      },
      onClient: (client) => this.#watch(client),
      onFault: (error) => this.lose(error),
    });
    this.#client.onDisconnect(() => this.lose(this.#cause));
  }

  protected override async connect(): Promise<void> {
    try {
      await this.#client.open();
      if (this.options.onDelivery) await this.#client.subscribe();
    } catch (error) {
      throw this.#cause ?? error;
    }
    if (this.#hasRefusedSubscription) {
      throw new ClientError("IotHubUnauthorized", "The hub refused the subscription to messages.");
    }
  }

  protected override async transmit(message: Message): Promise<void> {
    try {
      await this.#client.sendEvent(message);
    } catch (cause) {
      if (!(cause instanceof TopicTooLongError)) throw cause;
      throw new ClientError("MessageTooLarge", cause.message, {
        cause,
        hint: "Shorten the properties, or use --transport amqp.",
      });
    }
  }

  protected override async disconnect(): Promise<void> {
    await this.#client.close();
  }

  protected override destroy(): void {
    this.#client.destroy();
  }

  protected override toRefusal(cause: unknown): ClientError | undefined {
    return refusalByConnack(cause, this.options.connectionString);
  }

  #watch(client: MqttClient): void {
    client.on("error", (error: Error) => {
      this.#cause = error;
    });
    // The SDK reports a refused subscription as success.
    client.on("packetreceive", (packet: { cmd: string; granted?: readonly number[] }) => {
      if (packet.cmd !== "suback") return;
      this.#hasRefusedSubscription = packet.granted?.some((code) => code >= 0x80) ?? false;
    });
    interceptPublishes(client, (publish) => this.#onPublish(publish));
  }

  #onPublish(publish: IncomingPublish): boolean {
    const delivery = toDelivery(publish, this.options.connectionString.deviceId);
    if (delivery === undefined) return false;
    if (!this.isClosed) this.options.onDelivery?.(delivery);
    return true;
  }
}
