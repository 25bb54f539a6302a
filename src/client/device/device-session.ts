import { DeadlinePassedError, within } from "../../async/within.ts";
import type { Message } from "../../core/message.ts";
import { CLOSE_TIMEOUT_MS, ClientSession } from "../connection/client-session.ts";
import type { DeviceConnection, DeviceConnectOptions } from "../connection/device-connection.ts";
import { endpointOf } from "../connection/endpoint-of.ts";
import { ClientError, type ClientErrorName } from "../errors/client-error.ts";
import { toNetworkError } from "../errors/network-error.ts";
import { OutcomeUnknownError } from "../errors/outcome-unknown-error.ts";
import { toPackageError } from "../errors/package-error.ts";
import { toEventRefusal, validateEvent } from "../refusals/event-refusal.ts";

/** After this, the connection counts as lost. */
const CONFIRM_TIMEOUT_MS = 60_000;

const NEVER_CONNECTED: readonly ClientErrorName[] = [
  "HostNotFound",
  "ConnectionRefused",
  "UntrustedCertificate",
];

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

  protected abstract transmit(message: Message): Promise<void>;

  protected async endReceiving(): Promise<void> {}

  protected override recognize(error: unknown): ClientError | undefined {
    const root = error instanceof ClientError ? (error.cause ?? error) : error;
    return this.toKnownError(root) ?? toNetworkError(root, this.endpoint) ?? super.recognize(error);
  }

  /** Why the connection ended is for `onDisconnect`; here only the outcome is unknown. */
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
