/**
 * The AMQP layer under azure-iothub's client, passed to its transport as the second argument.
 *
 * azure-iothub has no CA option, accepts feedback before it has been read, and never notices a peer
 * that stopped responding.
 */

import type { Agent } from "node:https";
import { Amqp } from "azure-iothub/dist/common-amqp/amqp.js";
import type { Message as SdkMessage } from "azure-iothub/dist/common-core/message.js";
import type { Message } from "../../../core/message.ts";
import { type AmqpReceiverLink, declareAmqpBase } from "./amqp-internals.ts";
import { breakErrorCycle } from "./break-error-cycle.ts";
import { patchSenderLink } from "./patch-sender-link.ts";
import { WatchedConnection } from "./watched-connection.ts";

const INTERNALS = declareAmqpBase(["azure-iothub"]);

INTERNALS.methods.of(Amqp.prototype);
breakErrorCycle();

/** Longest silence of the hub; it sends empty frames at half of it. */
const IDLE_TIMEOUT_MS = 120_000;

export interface AmqpBaseOptions {
  readonly ca: string[] | undefined;
  /** Only for WebSocket. */
  readonly agent: Agent | undefined;
  /** Empty for an IP address, which must not be sent, but rhea would. */
  readonly serverName: string;
  /** May be called more than once. */
  onLost(error: Error | undefined): void;
}

type Config = Parameters<Amqp["connect"]>[0];
type Done = Parameters<Amqp["connect"]>[1];

export class AmqpBase extends Amqp {
  readonly #options: AmqpBaseOptions;
  readonly #watched: WatchedConnection;
  #feedbackLink: AmqpReceiverLink | undefined;

  constructor(options: AmqpBaseOptions) {
    super(true);
    this.#options = options;
    this.#watched = new WatchedConnection(this, INTERNALS, options.onLost);
  }

  override connect(config: Config, done: Done): void {
    const { ca, agent, serverName } = this.#options;
    super.connect(
      {
        ...config,
        // The SDK passes them to its WebSocket as they are.
        sslOptions: { ...(ca !== undefined && { ca }), ...(agent && { agent }) } as object,
        policyOverride: {
          idle_time_out: IDLE_TIMEOUT_MS,
          servername: serverName,
          // With Nagle's algorithm, consecutive small frames would wait 40 ms each.
          tcp_no_delay: true,
        },
      },
      done,
    );
    this.#watched.watchConnection();
  }

  /** A refused token ends the connection at once: the SDK does not report it when renewing. */
  override putToken(audience: string, token: string, callback: (error?: Error) => void): void {
    super.putToken(audience, token, (error) => {
      if (error) this.lose(error);
      callback(error);
    });
  }

  override initializeCBS(callback: (error?: Error) => void): void {
    super.initializeCBS((error) => {
      if (!error) this.#watched.watchClaims();
      callback(error);
    });
  }

  /** The SDK calls it for feedback, not for its own claims links. */
  override attachReceiverLink(
    ...[endpoint, options, done]: Parameters<Amqp["attachReceiverLink"]>
  ): void {
    super.attachReceiverLink(endpoint, { ...options, autoaccept: false }, (error, link) => {
      if (!link) return done(error);
      this.#feedbackLink = this.#watched.adoptReceiver(link);
      if (this.#feedbackLink) done(null, link);
    });
  }

  embedMessage(message: Message, sdkMessage: SdkMessage): void {
    this.#watched.embedMessage(message, sdkMessage);
  }

  stopFeedback(): void {
    if (this.#feedbackLink) this.#watched.stopReceiving(this.#feedbackLink);
    this.#feedbackLink = undefined;
  }

  askAt(address: string, done: (answer: Error | undefined) => void): void {
    super.attachReceiverLink(address, {}, (error, link) => {
      if (!link) return done(error ?? undefined);
      this.#watched.adoptRefused(link, done);
    });
  }

  override attachSenderLink(
    ...[endpoint, options, done]: Parameters<Amqp["attachSenderLink"]>
  ): void {
    super.attachSenderLink(endpoint, options, (error, link) => {
      if (!link) return done(error);
      const adopted = this.#watched.adoptSender(link);
      if (!adopted) return;
      patchSenderLink(adopted, INTERNALS.senderLink);
      done(null, link);
    });
  }

  lose(error: Error | undefined): void {
    this.#watched.lose(error);
  }

  /** Resolves with the hub's answer; only `destroy` is left to do. */
  end(): Promise<void> {
    return this.#watched.end();
  }

  /** Works in any state of the SDK. */
  destroy(): void {
    this.#watched.cut();
  }
}
