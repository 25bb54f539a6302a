/** A service's connection: AMQP over TLS (port 5671) or over WebSocket (port 443). */

import { isIP } from "node:net";
import { DeadlinePassedError, within } from "../../async/within.ts";
import { formatHubConnectionString } from "../../core/connection-string.ts";
import type { Message } from "../../core/message.ts";
import { ConnectionEnd } from "../connection/connection-end.ts";
import {
  type EventHubAddress,
  parseRedirect,
  REDIRECTING_PATH,
} from "../connection/event-hub-address.ts";
import { probe } from "../connection/probe.ts";
import { SettlementOrder } from "../connection/settlement-order.ts";
import { trustedCertificates } from "../connection/trusted-certificates.ts";
import { ClientError, type ClientErrorName } from "../errors/client-error.ts";
import { ConnectAbortedError } from "../errors/connect-aborted-error.ts";
import { type Endpoint, endpointOf, formatEndpoint } from "../errors/endpoint.ts";
import { UnansweredError } from "../errors/unanswered-error.ts";
import { toHubRefusal } from "../refusals/hub-refusal.ts";
import { noTokenInTime, ROLE_HINT, requireEntraToken } from "../sdk/entra/entra-login.ts";
import {
  createServiceClient,
  type RawFeedback,
  type ServiceClient,
} from "../sdk/iothub/service-client.ts";
import { parseFeedbackRecords } from "./feedback-batch.ts";
import type {
  FeedbackBatch,
  ServiceConnection,
  ServiceConnectOptions,
  ServiceTransport,
} from "./service-connection.ts";

interface Route {
  readonly port: number;
  uri(where: string): string;
}

/** Both honour a port in the host name, which the SDK does not for WebSocket. */
const ROUTES: Readonly<Record<ServiceTransport, Route>> = {
  amqp: { port: 5671, uri: (where) => `amqps://${where}` },
  "amqp-ws": { port: 443, uri: (where) => `wss://${where}/$iothub/websocket` },
};

/** How long a hub may take to answer the closing of links and connection. */
const CLOSE_TIMEOUT_MS = 3000;

/** How long a hub may take to answer a message. */
const SEND_TIMEOUT_MS = 60_000;

/**
 * Resolves once the service is connected and its token accepted, at most `connectTimeoutMs` after
 * the call; finding the reason of a timeout may take half a second more. Nothing is retried: an ended
 * connection is reported once and stays ended. A property without value (`null`) is sent as an empty
 * one.
 *
 * @throws ClientError IotHubUnauthorized, CredentialUnavailable, HostNotFound, ConnectionRefused, UntrustedCertificate,
 * TlsFailure, ConnectTimeout, ConnectionLost.
 */
export async function connectService(options: ServiceConnectOptions): Promise<ServiceConnection> {
  const connection = new AmqpConnection(options);
  await connection.open();
  return connection;
}

class AmqpConnection implements ServiceConnection {
  readonly #options: ServiceConnectOptions;
  readonly #endpoint: Endpoint;
  readonly #ca: string[] | undefined;
  readonly #client: ServiceClient;
  readonly #end = new ConnectionEnd();
  readonly #settlements = new SettlementOrder();
  #state: "opening" | "open" | "closed" = "opening";
  #firstSend: Promise<unknown> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ServiceConnectOptions) {
    const { signIn, transport } = options;
    const route = ROUTES[transport];
    this.#options = options;
    this.#endpoint = endpointOf(signIn.hostName, route.port);
    this.#ca = trustedCertificates(options.ca);
    this.#client = createServiceClient({
      signIn: signIn.type === "hub" ? formatHubConnectionString(signIn) : signIn,
      uri: route.uri(formatEndpoint(this.#endpoint)),
      ca: this.#ca,
      serverName: isIP(this.#endpoint.host) === 0 ? this.#endpoint.host : "",
      onLost: (error) => this.#onLost(error),
    });
  }

  async open(): Promise<void> {
    const { signal } = this.#options;
    const giveUp = (): void => this.#end.end(new ConnectAbortedError());
    if (signal?.aborted) giveUp();
    signal?.addEventListener("abort", giveUp, { once: true });
    const deadlineMs = performance.now() + this.#options.connectTimeoutMs;
    try {
      await this.#findToken(deadlineMs);
      await this.#bounded(this.#client.open(), deadlineMs);
      this.#state = "open";
    } catch (error) {
      this.#state = "closed";
      this.#client.destroy();
      throw await this.#explain(error, deadlineMs);
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
  }

  async send(deviceId: string, message: Message): Promise<void> {
    // The SDK attaches one link per message while none is up, so the first goes alone.
    if (this.#firstSend === undefined) {
      const first = this.#send(deviceId, message);
      this.#firstSend = first.catch(() => {});
      return await first;
    }
    await this.#firstSend;
    await this.#send(deviceId, message);
  }

  async openFeedback(onBatch: (batch: FeedbackBatch) => void): Promise<void> {
    this.#requireOpen();
    try {
      await this.#bounded(
        this.#client.receiveFeedback((feedback) => {
          const batch = this.#toBatch(feedback);
          if (batch && this.#state === "open") onBatch(batch);
        }),
        performance.now() + this.#options.connectTimeoutMs,
      );
    } catch (error) {
      if (!(error instanceof DeadlinePassedError)) throw this.#toClientError(error);
      throw new ClientError(
        "ServiceUnavailable",
        "The hub did not attach the feedback link in time.",
        { cause: error },
      );
    }
  }

  async findEventHub(): Promise<EventHubAddress> {
    this.#requireOpen();
    const answer = await this.#askAt(REDIRECTING_PATH);
    const address = parseRedirect(answer);
    if (address) return address;
    throw (
      toHubRefusal(answer) ??
      new ClientError("ServerError", "The hub did not say where its events are read.", {
        cause: answer,
      })
    );
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #send(deviceId: string, message: Message): Promise<void> {
    this.#requireOpen();
    try {
      const sent = this.#client.send(deviceId, message);
      await within(SEND_TIMEOUT_MS, this.#end.before(sent));
    } catch (cause) {
      if (cause instanceof DeadlinePassedError) {
        throw unanswered("ServiceUnavailable", "The hub did not answer in time", cause);
      }
      const error = this.#toClientError(cause);
      if (error.name !== "ConnectionLost") throw error;
      const where = formatEndpoint(this.#endpoint);
      const what = `The connection to ${where} ended before the hub answered`;
      throw unanswered("ConnectionLost", what, error);
    }
  }

  async #askAt(address: string): Promise<unknown> {
    const deadlineMs = performance.now() + this.#options.connectTimeoutMs;
    try {
      return await this.#bounded(this.#client.askAt(address), deadlineMs);
    } catch (cause) {
      if (!(cause instanceof DeadlinePassedError)) throw this.#toClientError(cause);
      throw new ClientError(
        "ServiceUnavailable",
        "The hub did not say in time where its events are read.",
        { cause },
      );
    }
  }

  /** A batch that cannot be read stays unsettled, and goes back when the connection ends. */
  #toBatch(feedback: RawFeedback): FeedbackBatch | undefined {
    const records = parseFeedbackRecords(feedback.body);
    if (records === undefined) return undefined;
    let isSettled = false;
    const settle = (outcome: "complete" | "release", act: () => void): void => {
      if (isSettled) return;
      isSettled = true;
      this.#settlements.add(outcome, act);
    };
    return {
      records,
      complete: () => settle("complete", feedback.accept),
      release: () => {
        // With credit left the batch would come straight back, and cost another delivery.
        if (this.#state === "open") this.#client.stopFeedback();
        settle("release", feedback.release);
      },
    };
  }

  async #close(): Promise<void> {
    const wasOpen = this.#state === "open";
    if (wasOpen) await this.#settlements.settled();
    const isOpenStill = this.#state === "open";
    this.#state = "closed";
    this.#end.end(new ClientError("ConnectionLost", "The connection was closed meanwhile."));
    if (isOpenStill) await within(CLOSE_TIMEOUT_MS, this.#client.close()).catch(() => {});
    this.#client.destroy();
  }

  #onLost(cause: Error | undefined): void {
    const error = this.#loss(cause);
    this.#end.end(error);
    if (this.#state !== "open") return;
    this.#state = "closed";
    this.#client.destroy();
    this.#options.onDisconnect(error);
  }

  /** The token is asked for before anything else: a chain of credentials may take its time to fail. */
  async #findToken(deadlineMs: number): Promise<void> {
    const { signIn, connectTimeoutMs } = this.#options;
    if (signIn.type === "hub") return;
    const search = new AbortController();
    try {
      await this.#bounded(requireEntraToken(signIn, search.signal), deadlineMs);
    } catch (cause) {
      if (!(cause instanceof DeadlinePassedError)) throw cause;
      throw noTokenInTime(connectTimeoutMs, cause);
    } finally {
      search.abort();
    }
  }

  async #bounded<T>(promise: Promise<T>, deadlineMs: number): Promise<T> {
    return await within(Math.max(0, deadlineMs - performance.now()), this.#end.before(promise));
  }

  #requireOpen(): void {
    if (this.#state !== "open") throw this.#loss(undefined);
  }

  async #explain(error: unknown, deadlineMs: number): Promise<ClientError> {
    if (error instanceof ConnectAbortedError) return error;
    const refusal = error instanceof ClientError ? undefined : toHubRefusal(error);
    if (refusal) return this.#withHintOfRole(refusal);
    if (error instanceof ClientError && error.name !== "ConnectionLost") {
      return this.#withHintOfRole(error);
    }
    const found = await probe(this.#endpoint, this.#ca, deadlineMs);
    if (found) return found;
    if (!(error instanceof DeadlinePassedError)) return this.#loss(error);
    return new ClientError(
      "ConnectTimeout",
      `${formatEndpoint(this.#endpoint)} takes connections but did not answer within ${this.#options.connectTimeoutMs} ms.`,
      { cause: error, hint: "Check that it is an IoT hub, or raise --connect-timeout." },
    );
  }

  /** A principal has no key that could be wrong. */
  #withHintOfRole(error: ClientError): ClientError {
    if (this.#options.signIn.type === "hub" || error.name !== "IotHubUnauthorized") return error;
    return new ClientError(error.name, error.message, { cause: error.cause, hint: ROLE_HINT });
  }

  #toClientError(error: unknown): ClientError {
    if (error instanceof ClientError) return error;
    return toHubRefusal(error) ?? this.#failure(error);
  }

  #failure(cause: unknown): ClientError {
    if (this.#state !== "open") return this.#loss(cause);
    return new ClientError("ServerError", "The hub did not take the message.", { cause });
  }

  #loss(cause: unknown): ClientError {
    const refusal = cause instanceof ClientError ? cause : toHubRefusal(cause);
    const message = `The connection to ${formatEndpoint(this.#endpoint)} ended.`;
    return refusal ?? new ClientError("ConnectionLost", message, { cause });
  }
}

function unanswered(name: ClientErrorName, message: string, cause: unknown): UnansweredError {
  return new UnansweredError(name, message, {
    cause,
    hint: "It is not sent again, for that might bring it twice; feedback tells (c2d-send --wait).",
  });
}
