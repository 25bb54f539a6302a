/** The life of a device's connection: what is the same over every transport. */

import { DeadlinePassedError, within } from "../../async/within.ts";
import type { Message } from "../../core/message.ts";
import { ConnectionEnd } from "../connection/connection-end.ts";
import type { DeviceConnection, DeviceConnectOptions } from "../connection/device-connection.ts";
import { probe } from "../connection/probe.ts";
import { trustedCertificates } from "../connection/trusted-certificates.ts";
import { ClientError, type ClientErrorName } from "../errors/client-error.ts";
import { ConnectAbortedError } from "../errors/connect-aborted-error.ts";
import { type Endpoint, endpointOf, formatEndpoint } from "../errors/endpoint.ts";
import { toNetworkError } from "../errors/network-error.ts";
import { UnansweredError } from "../errors/unanswered-error.ts";
import { requireSoundEvent, toEventRefusal } from "../refusals/event-refusal.ts";

/** How long a hub may take to answer an orderly end, of the connection or of receiving. */
const CLOSE_TIMEOUT_MS = 3000;

/** How long a hub may take to confirm an event. After that the connection is of no use. */
const CONFIRM_TIMEOUT_MS = 60_000;

/** With these there was no connection that an event could have gone over. */
const NEVER_CONNECTED: readonly ClientErrorName[] = [
  "HostNotFound",
  "ConnectionRefused",
  "UntrustedCertificate",
];

/** A transport adds how it connects, how it ends, and how it reads a refusal. */
export abstract class DeviceSession implements DeviceConnection {
  readonly keepsOrder: boolean = true;
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
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      // What has begun to connect has no socket yet that could be destroyed.
      if (signal?.aborted) throw new ConnectAbortedError();
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

  async sendEvent(message: Message): Promise<void> {
    requireSoundEvent(message);
    if (this.#state !== "open") throw this.toLoss(undefined);
    try {
      await within(CONFIRM_TIMEOUT_MS, this.#end.before(this.transmit(message)));
    } catch (cause) {
      throw this.#toSendError(cause);
    }
  }

  async stopReceiving(): Promise<void> {
    if (this.#state !== "open") return;
    try {
      await within(CLOSE_TIMEOUT_MS, this.#end.before(this.endReceiving()));
    } catch (error) {
      const isExpected = error instanceof DeadlinePassedError || error instanceof ClientError;
      if (!isExpected) throw error;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Connects, and attaches what `options` ask for. */
  protected abstract connect(): Promise<void>;

  /** Resolves once the hub has confirmed the event. */
  protected abstract transmit(message: Message): Promise<void>;

  /** Resolves once no message is on its way any more. */
  protected async endReceiving(): Promise<void> {}

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
    this.#end.end(this.toLoss(undefined));
    this.destroy();
  }

  /** What ended the connection is told by `onDisconnect`: here it only means that nothing is known. */
  #toSendError(cause: unknown): ClientError {
    if (this.#state === "open") {
      const refusal =
        cause instanceof ClientError ? cause : toEventRefusal(cause, this.toRefusal(cause));
      if (refusal) return refusal;
    }
    this.lose(cause instanceof DeadlinePassedError ? this.#unconfirmed(cause) : cause);
    const failure = toNetworkError(cause, this.endpoint);
    if (failure && NEVER_CONNECTED.includes(failure.name)) return failure;
    const what = `The connection to ${formatEndpoint(this.endpoint)} ended before the hub confirmed`;
    return new UnansweredError("ConnectionLost", what, { cause });
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

  #unconfirmed(cause: DeadlinePassedError): ClientError {
    const seconds = CONFIRM_TIMEOUT_MS / 1000;
    const message = `${formatEndpoint(this.endpoint)} has not confirmed an event for ${seconds} s.`;
    return new ClientError("ConnectionLost", message, { cause });
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
