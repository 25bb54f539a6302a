import type { Agent } from "node:https";
import { DeadlinePassedError, within } from "../../async/within.ts";
import { type Endpoint, formatEndpoint } from "../endpoint.ts";
import { ClientError } from "../errors/client-error.ts";
import { ConnectAbortedError } from "../errors/connect-aborted-error.ts";
import { connectionLost, notResponding } from "../errors/network-error.ts";
import { toPackageError } from "../errors/package-error.ts";
import { createTunnelAgent } from "../proxy/tunnel-agent.ts";
import { ConnectionEnd } from "./connection-end.ts";
import { probe } from "./probe.ts";
import { trustedCertificates } from "./trusted-certificates.ts";

export interface SessionOptions {
  /** PEM. */
  readonly ca?: string | undefined;
  readonly connectTimeoutMs: number;
  /** Has no effect on an open connection. */
  readonly signal?: AbortSignal | undefined;
  /** Called once, when an open connection ends without `close`. */
  onDisconnect(error: ClientError): void;
}

/** For an orderly close of the connection or of receiving. */
export const CLOSE_TIMEOUT_MS = 3000;

export abstract class ClientSession<Options extends SessionOptions> {
  protected readonly options: Options;
  protected readonly endpoint: Endpoint;
  /** Everything to trust (PEM); undefined for Node's default. */
  protected readonly ca: string[] | undefined;
  /** For WebSockets, through the endpoint's proxy. */
  protected readonly agent: Agent | undefined;
  protected readonly peer: string = "an IoT hub";
  protected readonly end = new ConnectionEnd();
  #state: "opening" | "open" | "closed" = "opening";
  #closing: Promise<void> | undefined;

  constructor(options: Options, endpoint: Endpoint) {
    this.options = options;
    this.endpoint = endpoint;
    this.ca = trustedCertificates(options.ca, endpoint);
    this.agent = createTunnelAgent(endpoint, { ...(this.ca !== undefined && { ca: this.ca }) });
  }

  /** @throws ClientError with the reason; finding it may take up to half a second longer. */
  async open(): Promise<void> {
    const { connectTimeoutMs, signal } = this.options;
    const deadlineMs = performance.now() + connectTimeoutMs;
    const giveUp = (): void => this.end.end(new ConnectAbortedError());
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      // A connection attempt that has just begun has no socket to destroy yet.
      if (signal?.aborted) throw new ConnectAbortedError();
      await within(connectTimeoutMs, this.end.before(this.connect()));
      this.#state = "open";
    } catch (error) {
      this.#state = "closed";
      this.#destroy();
      throw await this.#explain(error, deadlineMs);
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  protected abstract connect(): Promise<void>;

  /** Flushes settlements first. */
  protected abstract disconnect(): Promise<void>;

  /** At once, in any state. */
  protected abstract destroy(): void;

  protected abstract toRefusal(cause: unknown): ClientError | undefined;

  protected toKnownError(cause: unknown): ClientError | undefined {
    return toPackageError(cause) ?? this.toRefusal(cause);
  }

  protected recognize(error: unknown): ClientError | undefined {
    const known = error instanceof ClientError ? error : this.toKnownError(error);
    return known?.name === "ConnectionLost" ? undefined : known;
  }

  protected get isOpen(): boolean {
    return this.#state === "open";
  }

  protected get isClosed(): boolean {
    return this.#state === "closed";
  }

  protected get where(): string {
    return formatEndpoint(this.endpoint);
  }

  protected requireOpen(): void {
    if (!this.isOpen) throw this.toLoss(undefined);
  }

  /** Call at least once when the connection has ended; no effect after `close`. */
  protected lose(cause: unknown): void {
    const error = this.toLoss(cause);
    this.end.end(error);
    if (this.#state !== "open") return;
    this.#state = "closed";
    this.#destroy();
    this.options.onDisconnect(error);
  }

  protected toLoss(cause: unknown): ClientError {
    if (cause instanceof ClientError) return cause;
    return this.toKnownError(cause) ?? connectionLost(this.endpoint, cause);
  }

  async #close(): Promise<void> {
    const wasOpen = this.isOpen;
    this.#state = "closed";
    if (wasOpen) await within(CLOSE_TIMEOUT_MS, this.disconnect()).catch(() => {});
    this.end.end(new ClientError("ConnectionLost", "The connection was closed."));
    this.#destroy();
  }

  #destroy(): void {
    this.destroy();
    this.agent?.destroy();
  }

  async #explain(error: unknown, deadlineMs: number): Promise<ClientError> {
    if (error instanceof ConnectAbortedError) return error;
    const known = this.recognize(error) ?? (await probe(this.endpoint, this.ca, deadlineMs));
    if (known) return known;
    return error instanceof DeadlinePassedError
      ? notResponding(this.endpoint, this.options.connectTimeoutMs, this.peer, error)
      : this.toLoss(error);
  }
}
