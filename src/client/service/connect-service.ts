import { DeadlinePassedError, within } from "../../async/within.ts";
import { formatHubConnectionString } from "../../core/connection-string.ts";
import type { Message } from "../../core/message.ts";
import { ClientSession } from "../connection/client-session.ts";
import { endpointOf } from "../connection/endpoint-of.ts";
import {
  type EventHubAddress,
  parseRedirect,
  REDIRECTING_PATH,
} from "../connection/event-hub-address.ts";
import { PendingAnswers } from "../connection/pending-answers.ts";
import { SettlementOrder } from "../connection/settlement-order.ts";
import { serverNameOf, uriOf } from "../endpoint.ts";
import { ClientError, type ClientErrorName } from "../errors/client-error.ts";
import { OutcomeUnknownError } from "../errors/outcome-unknown-error.ts";
import { toHubRefusal } from "../refusals/hub-refusal.ts";
import { withRoleHint } from "../refusals/role-hint.ts";
import { requireEntraToken } from "../sdk/entra/entra-login.ts";
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
} from "./service-connection.ts";

const SEND_TIMEOUT_MS = 60_000;

/**
 * Takes at most `connectTimeoutMs`, plus half a second to find the reason of a timeout. No retries.
 * A property without value (`null`) is sent as an empty one.
 *
 * @throws ClientError IotHubUnauthorized, CredentialUnavailable, HostNotFound, ConnectionRefused,
 * UntrustedCertificate, TlsFailure, ConnectTimeout, ConnectionLost.
 */
export async function connectService(options: ServiceConnectOptions): Promise<ServiceConnection> {
  const session = new ServiceSession(options);
  await session.open();
  return session;
}

class ServiceSession extends ClientSession<ServiceConnectOptions> implements ServiceConnection {
  readonly #client: ServiceClient;
  readonly #settlements = new SettlementOrder();
  readonly #answers = new PendingAnswers(SEND_TIMEOUT_MS);
  #firstSend: Promise<unknown> | undefined;
  #isFirstSent = false;

  constructor(options: ServiceConnectOptions) {
    const { signIn, transport } = options;
    super(options, endpointOf(signIn.hostName, transport));
    this.end.onEnd((error) => this.#answers.endAll(error));
    this.#client = createServiceClient({
      signIn: signIn.type === "hub" ? formatHubConnectionString(signIn) : signIn,
      uri: uriOf(this.endpoint, transport),
      ca: this.ca,
      agent: this.agent,
      serverName: serverNameOf(this.endpoint),
      onLost: (error) => this.lose(error),
    });
  }

  send(deviceId: string, message: Message): Promise<void> {
    if (this.#isFirstSent) return this.#send(deviceId, message);
    // The SDK attaches one link per message until one is open, so the first message is sent alone.
    if (this.#firstSend !== undefined)
      return this.#firstSend.then(() => this.#send(deviceId, message));
    const first = this.#send(deviceId, message);
    this.#firstSend = first
      .catch(() => {})
      .then(() => {
        this.#isFirstSent = true;
      });
    return first;
  }

  async openFeedback(onBatch: (batch: FeedbackBatch) => void): Promise<void> {
    await this.#ask("The hub did not attach the feedback link in time.", () =>
      this.#client.receiveFeedback((feedback) => {
        const batch = this.#toBatch(feedback);
        if (batch && this.isOpen) onBatch(batch);
      }),
    );
  }

  async findEventHub(): Promise<EventHubAddress> {
    const answer = await this.#ask(
      "The hub did not return its Event Hubs-compatible endpoint in time.",
      () => this.#client.askAt(REDIRECTING_PATH),
    );
    const address = parseRedirect(answer);
    if (address) return address;
    throw (
      this.toRefusal(answer) ??
      new ClientError("ServerError", "The hub did not return its Event Hubs-compatible endpoint.", {
        cause: answer,
      })
    );
  }

  protected override async connect(): Promise<void> {
    const { signIn, connectTimeoutMs } = this.options;
    if (signIn.type === "entra") {
      await requireEntraToken(signIn, connectTimeoutMs, (search) => this.end.before(search));
    }
    await this.#client.open();
  }

  protected override async disconnect(): Promise<void> {
    await this.#settlements.settled();
    await this.#client.close();
  }

  protected override destroy(): void {
    this.#client.destroy();
  }

  protected override toRefusal(cause: unknown): ClientError | undefined {
    return withRoleHint(toHubRefusal(cause), this.options.signIn);
  }

  #send(deviceId: string, message: Message): Promise<void> {
    return new Promise((resolve, reject) => {
      this.requireOpen();
      const done = this.#answers.add((error) => {
        if (!error) return resolve();
        // If the SDK reports it first, the connection's end explains it.
        queueMicrotask(() => reject(this.#toSendError(error)));
      });
      try {
        this.#client.send(deviceId, message, done);
      } catch (error) {
        done(error as Error);
      }
    });
  }

  #toSendError(cause: Error): ClientError {
    if (cause instanceof DeadlinePassedError) {
      return unanswered("ServiceUnavailable", "The hub did not respond in time", cause);
    }
    const error = this.#toClientError(cause);
    if (error.name !== "ConnectionLost") return error;
    const what = `The connection to ${this.where} closed before the hub responded`;
    return unanswered("ConnectionLost", what, error);
  }

  async #ask<T>(tooLate: string, question: () => Promise<T>): Promise<T> {
    this.requireOpen();
    try {
      return await within(this.options.connectTimeoutMs, this.end.before(question()));
    } catch (cause) {
      if (!(cause instanceof DeadlinePassedError)) throw this.#toClientError(cause);
      throw new ClientError("ServiceUnavailable", tooLate, { cause });
    }
  }

  /** A batch that cannot be parsed stays unsettled, and is released when the connection ends. */
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
        // With credit left, the batch would come again at once, which raises its delivery count.
        if (this.isOpen) this.#client.stopFeedback();
        settle("release", feedback.release);
      },
    };
  }

  #toClientError(error: unknown): ClientError {
    if (!this.isOpen) return this.toLoss(error);
    if (error instanceof ClientError) return error;
    const unknown = "The hub did not accept the message.";
    return this.toKnownError(error) ?? new ClientError("ServerError", unknown, { cause: error });
  }
}

function unanswered(name: ClientErrorName, message: string, cause: unknown): OutcomeUnknownError {
  return new OutcomeUnknownError(name, message, {
    cause,
    hint: "It is not sent again because it could arrive twice; feedback shows whether it arrived (c2d-send --wait).",
  });
}
