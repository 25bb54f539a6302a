/** The SDK's service client, with promises and a close that leaves no handle open. */

import { Amqp } from "azure-iothub/dist/amqp.js";
import { Client } from "azure-iothub/dist/client.js";
import { Message as SdkMessage } from "azure-iothub/dist/common-core/message.js";
import { asBuffer } from "../../../core/encodings.ts";
import type { Message } from "../../../core/message.ts";
import { internals, method, object } from "../../../dependencies/internals.ts";
import type { EntraLogin } from "../../connection/service-sign-in.ts";
import { AmqpBase, type AmqpBaseOptions } from "../shared/amqp-base.ts";
import { NO_RETRY } from "../shared/no-retry.ts";

export interface RawFeedback {
  readonly body: Buffer;
  accept(): void;
  release(): void;
}

export interface ServiceClient {
  open(): Promise<void>;
  /** Calls back once: a promise for each message would cost more than the rest of it. */
  send(deviceId: string, message: Message, done: (error?: Error | null) => void): void;
  /** A refusal ends the connection. */
  receiveFeedback(onFeedback: (feedback: RawFeedback) => void): Promise<void>;
  /** The hub's error for a receiver that it refuses to attach. */
  askAt(address: string): Promise<Error | undefined>;
  /** Batches already received can still be settled. */
  stopFeedback(): void;
  /** Resolves with the hub's answer; only `destroy` is left to do. */
  close(): Promise<void>;
  destroy(): void;
}

export interface ServiceClientOptions extends AmqpBaseOptions {
  readonly signIn: string | EntraLogin;
  /** The SDK itself always uses port 443 for `wss://…`. */
  readonly uri: string;
}

const TRANSPORT = internals(["azure-iothub"], "Amqp (transport)", { _amqp: object() });

const TRANSPORT_METHODS = internals(["azure-iothub"], "Amqp (transport)", {
  _getConnectionUri: method<() => string>(),
});

export function createServiceClient(options: ServiceClientOptions): ServiceClient {
  TRANSPORT_METHODS.of(Amqp.prototype);
  const base = new AmqpBase(options);
  class Transport extends Amqp {
    constructor(config: ConstructorParameters<typeof Amqp>[0]) {
      super(config, base);
      if (TRANSPORT.of(this)._amqp !== base)
        throw TRANSPORT.fault("._amqp", "is not the instance that was passed in");
      this.on("disconnect", (error?: Error) => base.lose(error));
    }
    override _getConnectionUri(): string {
      return options.uri;
    }
  }
  const client = createClient(options.signIn, Transport);
  client.setRetryPolicy(NO_RETRY);
  return {
    async open() {
      await client.open();
    },
    send(deviceId, message, done) {
      const sdkMessage = toSdkMessage(message);
      base.embedMessage(message, sdkMessage);
      client.send(deviceId, sdkMessage, done);
    },
    // The callback form: the promise resolves to an object without `on`.
    receiveFeedback: (onFeedback) =>
      new Promise((resolve, reject) => {
        client.getFeedbackReceiver((error, receiver) => {
          if (error || !receiver) return reject(error ?? new Error("There is no receiver."));
          // Without a listener the receiver throws when its link is destroyed.
          receiver.on("error", () => {});
          // In the same tick: messages that the hub sends with its attach would be lost.
          receiver.on("message", (message: SdkMessage) =>
            onFeedback({
              body: Buffer.from(message.data as Uint8Array),
              accept: () => void receiver.complete(message, () => {}),
              release: () => void receiver.abandon(message, () => {}),
            }),
          );
          resolve();
        });
      }),
    askAt: (address) => new Promise((resolve) => base.askAt(address, resolve)),
    close: () => base.end(),
    stopFeedback: () => base.stopFeedback(),
    destroy: () => base.destroy(),
  };
}

function createClient(
  signIn: string | EntraLogin,
  transport: Parameters<typeof Client.fromConnectionString>[1],
): Client {
  if (typeof signIn === "string") return Client.fromConnectionString(signIn, transport);
  const { hostName, credential } = signIn;
  return Client.fromTokenCredential(hostName, credential, transport);
}

function toSdkMessage(message: Message): SdkMessage {
  const { ack, contentEncoding, contentType, expiryTimeUtcMs } = message.system;
  const { body } = message;
  const sdkMessage = new SdkMessage(asBuffer(body));
  if (ack !== undefined) sdkMessage.ack = ack;
  if (contentType !== undefined) setUnchecked(sdkMessage, "contentType", contentType);
  if (contentEncoding !== undefined) setUnchecked(sdkMessage, "contentEncoding", contentEncoding);
  // A number: a Date or an ISO string makes `send` throw or hang, although the type requires one.
  if (expiryTimeUtcMs !== undefined) setUnchecked(sdkMessage, "expiryTimeUtc", expiryTimeUtcMs);
  return sdkMessage;
}

/** The SDK's types allow one or two values where the hub accepts any. */
function setUnchecked(
  message: SdkMessage,
  field: "contentType" | "contentEncoding" | "expiryTimeUtc",
  value: string | number,
): void {
  (message as unknown as Record<typeof field, string | number>)[field] = value;
}
