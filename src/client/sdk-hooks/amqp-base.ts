/**
 * The AMQP layer under azure-iothub's client, with what its own lacks.
 *
 * Why: azure-iothub has no option for a CA, drops `userId`, re-encodes ids that look like a UUID
 * (an upper-case id then comes back lower-case in its feedback), takes a message that the hub
 * released or rejected without error for sent, accepts feedback before anybody has read it, and
 * never notices a peer that fell silent. Its transport takes an AMQP base as second constructor
 * argument, so all that is put right here, below it.
 */

import { Amqp } from "azure-iothub/dist/common-amqp/amqp.js";
import type { Message } from "../../core/message.ts";
import { AmqpLifeline, type AmqpLink, type AmqpReceiverLink } from "./amqp-internals.ts";
import { unknotErrors } from "./unknot-errors.ts";

unknotErrors();

/** Longest silence of the hub, in milliseconds; it sends empty frames at half of it. */
const IDLE_TIMEOUT_MS = 120_000;

/** The application property that carries our message through the SDK's; never sent. */
export const CARRIER = "c2d-tools:message";

export interface AmqpBaseOptions {
  readonly ca: string[] | undefined;
  /** TLS server name; empty for an IP address, where rhea would break the rule against naming it. */
  readonly serverName: string;
  /** The connection was closed by the hub, or its socket ended. May be called more than once. */
  onLost(error: Error | undefined): void;
}

/** What the SDK hands to rhea. */
interface AmqpMessage {
  message_id?: string;
  correlation_id?: string;
  user_id?: Buffer;
  application_properties?: Record<string, unknown>;
}

type SendCallback = (error: Error | null, result?: object) => void;

interface SenderLink extends AmqpLink {
  send(message: AmqpMessage, callback: SendCallback): void;
}

type Config = Parameters<Amqp["connect"]>[0];
type Done = Parameters<Amqp["connect"]>[1];

export class AmqpBase extends Amqp {
  readonly #options: AmqpBaseOptions;
  readonly #lifeline: AmqpLifeline;

  constructor(options: AmqpBaseOptions) {
    super(true);
    this.#options = options;
    this.#lifeline = new AmqpLifeline(this, options.onLost);
  }

  override connect(config: Config, done: Done): void {
    const { ca, serverName } = this.#options;
    super.connect(
      {
        ...config,
        ...(ca !== undefined && { sslOptions: { ca } }),
        policyOverride: {
          idle_time_out: IDLE_TIMEOUT_MS,
          servername: serverName,
          // Small frames that follow one another would wait 40 ms each.
          tcp_no_delay: true,
        },
      },
      done,
    );
    this.#lifeline.watchConnection();
  }

  /** A refused token ends the connection at once: the SDK keeps it to itself when renewing. */
  override putToken(audience: string, token: string, callback: (error?: Error) => void): void {
    super.putToken(audience, token, (error) => {
      if (error) this.#options.onLost(error);
      callback(error);
    });
  }

  /** Used by the SDK for feedback, not for its own claims links. */
  override attachReceiverLink(
    ...[endpoint, options, done]: Parameters<Amqp["attachReceiverLink"]>
  ): void {
    super.attachReceiverLink(endpoint, { ...options, autoaccept: false }, (error, link) => {
      if (!link) return done(error);
      const isGranted = this.#lifeline.adoptReceiver(link as unknown as AmqpReceiverLink);
      if (isGranted) done(null, link);
    });
  }

  override attachSenderLink(
    ...[endpoint, options, done]: Parameters<Amqp["attachSenderLink"]>
  ): void {
    super.attachSenderLink(endpoint, options, (error, link) => {
      if (!link) return done(error);
      mendSender(this.#lifeline.adopt(link as unknown as SenderLink));
      done(null, link);
    });
  }

  /** Ends socket and timers at once, whatever state the SDK's machines are in. */
  destroy(): void {
    this.#lifeline.cut();
  }
}

function mendSender(link: SenderLink): void {
  const send = link.send.bind(link);
  link.send = (message, callback) => {
    mendMessage(message);
    send(message, (error, result) => {
      const isUnclear = !error && result === undefined;
      callback(isUnclear ? new Error("The hub gave the message back.") : error, result);
    });
  };
}

function mendMessage(amqpMessage: AmqpMessage): void {
  const { [CARRIER]: carried, ...sdkProperties } = amqpMessage.application_properties ?? {};
  const { system, properties } = carried as Message;
  const { messageId, correlationId, userId } = system;
  if (messageId !== undefined) amqpMessage.message_id = messageId;
  if (correlationId !== undefined) amqpMessage.correlation_id = correlationId;
  if (userId !== undefined) amqpMessage.user_id = Buffer.from(userId);
  amqpMessage.application_properties = { ...sdkProperties, ...withoutNull(properties) };
}

/** AMQP has no property without value at IoT Hub, which takes only strings: it becomes empty. */
function withoutNull(properties: Message["properties"]): Record<string, string> {
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, value ?? ""]));
}
