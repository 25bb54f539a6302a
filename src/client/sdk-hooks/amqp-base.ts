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

interface Link {
  on(event: "error", listener: () => void): void;
  forceDetach(error: Error): void;
}

interface SenderLink extends Link {
  send(message: AmqpMessage, callback: SendCallback): void;
}

interface ReceiverLink extends Link {
  readonly _rheaReceiver: {
    readonly error?: Error;
    /** What the hub granted; without address when it refuses the link and says why in a moment. */
    readonly source: object;
    on(event: "receiver_close", listener: () => void): void;
  };
}

interface RheaContext {
  readonly error?: Error;
}

interface RheaConnection {
  readonly error?: Error;
  readonly socket: { on(event: "error", listener: () => void): void };
  is_closed(): boolean;
  on(event: "connection_close" | "disconnected", listener: (context: RheaContext) => void): void;
  abort_socket(socket: unknown): void;
}

interface BaseInternals {
  readonly _rheaConnection?: RheaConnection;
  readonly _cbs?: {
    readonly _senderLink: Link;
    readonly _receiverLink: Link;
    forceDetach(): void;
  };
  _disconnectionOccurred: boolean;
  readonly _fsm: { handle(event: "session_close" | "connection_close", context: object): void };
}

type Config = Parameters<Amqp["connect"]>[0];
type Done = Parameters<Amqp["connect"]>[1];

export class AmqpBase extends Amqp {
  readonly #options: AmqpBaseOptions;
  readonly #links: Link[] = [];

  constructor(options: AmqpBaseOptions) {
    super(true);
    this.#options = options;
  }

  override connect(config: Config, done: Done): void {
    const { ca, serverName, onLost } = this.#options;
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
    // After a close by the hub the SDK waits 45 s for answers that cannot come before it tells.
    const connection = this.#internals._rheaConnection;
    connection?.on("connection_close", () => {
      if (!connection.is_closed()) onLost(connection.error);
    });
    connection?.on("disconnected", (context) => onLost(context.error));
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
      const { _rheaReceiver: receiver } = this.#adopt(link as unknown as ReceiverLink);
      // The SDK says nothing of a receiver that was detached without error.
      receiver.on("receiver_close", () => this.#options.onLost(receiver.error));
      if ("address" in receiver.source) done(null, link);
    });
  }

  override attachSenderLink(
    ...[endpoint, options, done]: Parameters<Amqp["attachSenderLink"]>
  ): void {
    super.attachSenderLink(endpoint, options, (error, link) => {
      if (!link) return done(error);
      mendSender(this.#adopt(link as unknown as SenderLink));
      done(null, link);
    });
  }

  /** Ends socket and timers at once, whatever state the SDK's machines are in. */
  destroy(): void {
    const { _rheaConnection: connection, _cbs: cbs, _fsm: fsm } = this.#internals;
    if (connection === undefined) return;
    this.#internals._disconnectionOccurred = true;
    connection.abort_socket(connection.socket);
    connection.socket.on("error", () => {});
    // An orderly end that was under way waits for these, and holds a timer of 45 s meanwhile.
    if (cbs) for (const link of [cbs._senderLink, cbs._receiverLink]) this.#adopt(link);
    for (const link of this.#links) link.forceDetach(new Error("The connection is gone."));
    cbs?.forceDetach();
    fsm.handle("session_close", {});
    fsm.handle("connection_close", {});
  }

  /** A link without a listener for errors would throw them at whoever ends it. */
  #adopt<T extends Link>(link: T): T {
    link.on("error", () => {});
    this.#links.push(link);
    return link;
  }

  get #internals(): BaseInternals {
    return this as unknown as BaseInternals;
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
