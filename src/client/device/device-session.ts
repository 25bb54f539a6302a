/** The life of a device's connection: what is the same over every transport. */

import { DeadlinePassedError, within } from "../../async/within.ts";
import type { Message } from "../../core/message.ts";
import { CLOSE_TIMEOUT_MS, ClientSession } from "../connection/client-session.ts";
import type { DeviceConnection, DeviceConnectOptions } from "../connection/device-connection.ts";
import { endpointOf } from "../endpoint.ts";
import { ClientError, type ClientErrorName } from "../errors/client-error.ts";
import { toNetworkError } from "../errors/network-error.ts";
import { OutcomeUnknownError } from "../errors/outcome-unknown-error.ts";
import { toPackageError } from "../errors/package-error.ts";
import { toEventRefusal, validateEvent } from "../refusals/event-refusal.ts";

/** How long a hub may take to confirm an event. After that the connection is of no use. */
const CONFIRM_TIMEOUT_MS = 60_000;

/** With these there was no connection that an event could have gone over. */
const NEVER_CONNECTED: readonly ClientErrorName[] = [
  "HostNotFound",
  "ConnectionRefused",
  "UntrustedCertificate",
];

/** A transport adds how it connects, how it ends, and how it reads a refusal. */
export abstract class DeviceSession
  extends ClientSession<DeviceConnectOptions>
  implements DeviceConnection
{
  readonly keepsOrder: boolean = true;

  constructor(options: DeviceConnectOptions) {
    const { gatewayHostName, hostName } = options.connectionString;
    super(options, endpointOf(gatewayHostName ?? hostName, options.transport));
  }

  async sendEvent(message: Message): Promise<void> {
    validateEvent(message);
    this.requireOpen();
    try {
      await within(CONFIRM_TIMEOUT_MS, this.end.before(this.transmit(message)));
    } catch (cause) {
      throw this.#toSendError(cause);
    }
  }

  async stopReceiving(): Promise<void> {
    if (!this.isOpen) return;
    try {
      await within(CLOSE_TIMEOUT_MS, this.end.before(this.endReceiving()));
    } catch (error) {
      const isExpected = error instanceof DeadlinePassedError || error instanceof ClientError;
      if (!isExpected) throw error;
    }
  }

  /** Resolves once the hub has confirmed the event. */
  protected abstract transmit(message: Message): Promise<void>;

  /** Resolves once no message is on its way any more. */
  protected async endReceiving(): Promise<void> {}

  protected override recognize(error: unknown): ClientError | undefined {
    const root = error instanceof ClientError ? (error.cause ?? error) : error;
    return this.toKnownError(root) ?? toNetworkError(root, this.endpoint) ?? super.recognize(error);
  }

  /** What ended the connection is told by `onDisconnect`: here it only means that nothing is known. */
  #toSendError(cause: unknown): ClientError {
    const fault = toPackageError(cause);
    if (fault) return fault;
    if (this.isOpen) {
      const refusal =
        cause instanceof ClientError ? cause : toEventRefusal(cause, this.toRefusal(cause));
      if (refusal) return refusal;
    }
    this.lose(cause instanceof DeadlinePassedError ? this.#unconfirmed(cause) : cause);
    const failure = toNetworkError(cause, this.endpoint);
    if (failure && NEVER_CONNECTED.includes(failure.name)) return failure;
    const what = `The connection to ${this.where} closed before the hub confirmed`;
    return new OutcomeUnknownError("ConnectionLost", what, { cause });
  }

  #unconfirmed(cause: DeadlinePassedError): ClientError {
    const seconds = CONFIRM_TIMEOUT_MS / 1000;
    const message = `${this.where} has not confirmed an event for ${seconds} s.`;
    return new ClientError("ConnectionLost", message, { cause });
  }
}
