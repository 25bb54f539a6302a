/** The life of a device's connection: what is the same over every transport. */

import { ClientError } from "./client-error.ts";
import { ConnectAbortedError } from "./connect-aborted-error.ts";
import { ConnectionEnd } from "./connection-end.ts";
import type { DeviceConnection, DeviceConnectOptions } from "./device-connection.ts";
import { type Endpoint, endpointOf, formatEndpoint } from "./endpoint.ts";
import { toNetworkError } from "./network-error.ts";
import { probe } from "./probe.ts";
import { trustedCertificates } from "./trusted-certificates.ts";
import { DeadlinePassedError, within } from "./within.ts";

/** How long a hub may take to answer an orderly end. */
const CLOSE_TIMEOUT_MS = 3000;

/** A transport adds how it connects, how it ends, and how it reads a refusal. */
export abstract class DeviceSession implements DeviceConnection {
  protected readonly options: DeviceConnectOptions;
  protected readonly endpoint: Endpoint;
  /** Everything to trust (PEM); undefined for Node's default. */
  protected readonly ca: string[] | undefined;
  readonly #end = new ConnectionEnd();
  #state: "opening" | "open" | "closed" = "opening";
  #closing: Promise<void> | undefined;

  /** @param port For host names that carry none. */
  constructor(options: DeviceConnectOptions, port: number) {
    const { gatewayHostName, hostName } = options.connectionString;
    this.options = options;
    this.endpoint = endpointOf(gatewayHostName ?? hostName, port);
    this.ca = trustedCertificates(options.ca);
  }

  async open(): Promise<void> {
    const { connectTimeoutMs, signal } = this.options;
    const deadlineMs = performance.now() + connectTimeoutMs;
    const giveUp = (): void => this.#end.end(new ConnectAbortedError());
    if (signal?.aborted) giveUp();
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      await within(connectTimeoutMs, this.#end.before(this.connect()));
      this.#state = "open";
    } catch (error) {
      this.#state = "closed";
      this.destroy();
      throw await this.#explain(error, deadlineMs);
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Connects and subscribes. */
  protected abstract connect(): Promise<void>;

  /** Flushes settlements and takes its leave of the hub. */
  protected abstract disconnect(): Promise<void>;

  /** Ends sockets and timers at once, in whatever state. */
  protected abstract destroy(): void;

  /** What the hub meant, when `cause` is its refusal. */
  protected abstract toRefusal(cause: unknown): ClientError | undefined;

  protected get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** To be called when the connection has ended, at least once; after `close` it has no effect. */
  protected lose(cause: unknown): void {
    const error = this.toLoss(cause);
    this.#end.end(error);
    if (this.#state !== "open") return;
    this.#state = "closed";
    this.destroy();
    this.options.onDisconnect(error);
  }

  protected toLoss(cause: unknown): ClientError {
    if (cause instanceof ClientError) return cause;
    const where = formatEndpoint(this.endpoint);
    return (
      this.toRefusal(cause) ??
      new ClientError("ConnectionLost", `The connection to ${where} ended.`, { cause })
    );
  }

  async #close(): Promise<void> {
    const wasOpen = this.#state === "open";
    this.#state = "closed";
    if (wasOpen) await within(CLOSE_TIMEOUT_MS, this.disconnect()).catch(() => {});
    this.destroy();
  }

  async #explain(error: unknown, deadlineMs: number): Promise<ClientError> {
    if (error instanceof ConnectAbortedError) return error;
    const root = error instanceof ClientError ? (error.cause ?? error) : error;
    const known = this.toRefusal(root) ?? toNetworkError(root, this.endpoint);
    if (known) return known;
    if (error instanceof ClientError && error.name !== "ConnectionLost") return error;
    const found = await probe(this.endpoint, this.ca, deadlineMs);
    return found ?? this.#silence(error);
  }

  #silence(cause: unknown): ClientError {
    if (!(cause instanceof DeadlinePassedError)) return this.toLoss(cause);
    const where = formatEndpoint(this.endpoint);
    return new ClientError(
      "ConnectTimeout",
      `${where} takes connections but did not answer within ${this.options.connectTimeoutMs} ms.`,
      { cause, hint: "Check that it is an IoT hub, or raise --connect-timeout." },
    );
  }
}
