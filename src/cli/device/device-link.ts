/** Keeps a device connected to its hub, and reports the state of the connection on stderr. */

import type { Delivery, DeviceConnection } from "../../client/connection/device-connection.ts";
import { connectDevice } from "../../client/device/connect-device.ts";
import {
  type ConnectionEvent,
  type ConnectionHandlers,
  keepConnected,
  type LossCause,
} from "../../client/device/keep-connected.ts";
import type { ClientError } from "../../client/errors/client-error.ts";
import type { DeviceConnectionString } from "../../core/connection-string.ts";
import {
  createFollower,
  describeHub,
  resolveDeviceTarget,
  type Target,
} from "../local/connect-target.ts";
import { whileConnecting } from "../local/connecting.ts";
import type { HubFollower } from "../local/hub-follower.ts";
import type { Context } from "../program/run-program.ts";
import { escapeLine } from "../terminal/escape.ts";
import { formatJsonLine } from "../terminal/json-line.ts";
import { formatRetry } from "../text/retry-text.ts";
import { type ConnectionOptions, deviceIdOf } from "./connection-options.ts";

export interface LinkOptions {
  readonly connection: ConnectionOptions;
  readonly isSending: boolean;
  readonly listening: ListeningOptions | undefined;
}

export interface ListeningOptions {
  /** HTTP only. */
  readonly pollIntervalMs?: number | undefined;
  /** HTTP only. */
  readonly lockTimeoutMs?: number | undefined;
  /** AMQP; HTTP never has more. */
  readonly isOneAtATime?: boolean;
}

export interface LinkCallbacks {
  /** A local hub is running by now. */
  onStart(): void;
  /** First connection only. */
  onReady(): void;
  onConnected?(connection: DeviceConnection): void;
  onDisconnected(): void;
  /** @param attempt The number of the connection attempt that delivered it. */
  onDelivery?(delivery: Delivery, attempt: number): void;
}

export class DeviceLink {
  readonly deviceId: string;
  readonly #options: LinkOptions;
  readonly #callbacks: LinkCallbacks;
  readonly #context: Context;
  readonly #follower: HubFollower | undefined;
  #attempts = 0;
  #hostName = "";
  #lockTimeoutMs: number | undefined;
  #isReady = false;

  constructor(options: LinkOptions, callbacks: LinkCallbacks, context: Context) {
    this.deviceId = deviceIdOf(options.connection.config);
    this.#options = options;
    this.#callbacks = callbacks;
    this.#context = context;
    this.#follower = createFollower(options.connection.config.hub, context);
  }

  /** @throws ClientError, LocalHubError when it cannot connect, or must not reconnect. */
  async run(signal: AbortSignal): Promise<void> {
    const isConnected = this.#options.connection.config.transport !== "http";
    const watch = this.#follower?.watchDevice(isConnected ? this.deviceId : undefined);
    await keepConnected({
      signal,
      watch,
      reconnect: this.#options.connection.isReconnecting,
      onEvent: (event) => this.#onEvent(event),
      connect: async (handlers) => {
        const target = await this.#findTarget(signal);
        this.#lockTimeoutMs = target.lockTimeoutMs;
        this.#onTarget(target.connectionString);
        const connect = () => this.#connect(target, handlers);
        return this.#isReady
          ? await connect()
          : await whileConnecting(this.#hostName, this.#context, connect);
      },
    });
  }

  get hubLockTimeoutMs(): number | undefined {
    return this.#lockTimeoutMs;
  }

  formatReady(): string {
    const { transport } = this.#options.connection.config;
    const { deviceId } = this;
    return formatJsonLine({ type: "ready", deviceId, hostName: this.#hostName, transport });
  }

  async #findTarget(signal: AbortSignal): Promise<Target<DeviceConnectionString>> {
    const { config, connectTimeoutMs } = this.#options.connection;
    const { hub, ca } = config;
    const options = { ca, connectTimeoutMs, signal, follower: this.#follower };
    return await resolveDeviceTarget(hub, options, this.#context);
  }

  async #connect(
    { connectionString, ca }: Target<DeviceConnectionString>,
    { signal, onDelivery, onDisconnect }: ConnectionHandlers,
  ): Promise<DeviceConnection> {
    const { connection, isSending, listening } = this.#options;
    const { config, keepAliveSeconds, connectTimeoutMs } = connection;
    const { pollIntervalMs, lockTimeoutMs, isOneAtATime } = listening ?? {};
    const isX509 = connectionString.credential.type === "x509";
    return await connectDevice({
      connectionString,
      transport: config.transport,
      keepAliveSeconds,
      connectTimeoutMs,
      signal,
      isSending,
      onDisconnect,
      onDelivery: listening && onDelivery,
      pollIntervalMs,
      isOneAtATime,
      lockTimeoutSeconds: lockTimeoutMs === undefined ? undefined : Math.ceil(lockTimeoutMs / 1000),
      ca,
      certificate: isX509 ? config.certificate : undefined,
    });
  }

  #onTarget({ hostName, credential }: DeviceConnectionString): void {
    if (hostName === this.#hostName) return;
    const isFirst = this.#hostName === "";
    const { hub, certificate } = this.#options.connection.config;
    this.#hostName = hostName;
    this.#context.reporter.info(describeHub(hostName, hub));
    if (!isFirst) return;
    if (certificate && credential.type !== "x509") this.#reportUnusedCertificate();
    this.#callbacks.onStart();
  }

  /** Only the hub knows how its device authenticates. */
  #reportUnusedCertificate(): void {
    this.#context.reporter.info(
      `${escapeLine(this.deviceId)} signs in with a key on the local hub: the certificate and key files are not used.`,
    );
  }

  #onEvent(event: ConnectionEvent): void {
    switch (event.type) {
      case "connecting":
        this.#attempts += 1;
        this.#context.reporter.detail(`Connecting, attempt ${event.attempt} ...`);
        break;
      case "ready":
        this.#onReady(event.connection);
        break;
      case "delivery":
        this.#callbacks.onDelivery?.(event.delivery, this.#attempts);
        break;
      case "connectFailed":
        this.#reportRetry(event.error, event.retryInMs);
        break;
      case "disconnected":
        this.#callbacks.onDisconnected();
        this.#warnOfTakeover(event.cause);
        this.#reportRetry(event.error, event.retryInMs);
        break;
    }
  }

  #onReady(connection: DeviceConnection): void {
    if (this.#isReady) this.#context.reporter.info("Reconnected.");
    else this.#callbacks.onReady();
    this.#isReady = true;
    this.#callbacks.onConnected?.(connection);
  }

  #warnOfTakeover(cause: LossCause): void {
    const { reporter } = this.#context;
    const deviceId = escapeLine(this.deviceId);
    if (cause === "takenOver") {
      reporter.warn(`another client connected as ${deviceId} and replaced this connection`);
    } else if (cause === "maybeTakenOver") {
      reporter.warn(
        `the connection keeps dropping soon after it is made: another client may be using ${deviceId}`,
      );
    }
  }

  #reportRetry(error: ClientError, retryInMs: number): void {
    const { reporter } = this.#context;
    reporter.info(formatRetry(error, retryInMs));
    if (error.hint) reporter.detail(error.hint);
  }
}
