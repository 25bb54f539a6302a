/** Keeps a device connected: connects, and connects again for as long as it takes. */

import { BackOff } from "./back-off.ts";
import { ClientError, type ClientErrorName } from "./client-error.ts";
import { type Clock, systemClock } from "./clock.ts";
import { createDeferred } from "./deferred.ts";
import type { Delivery, DeviceConnection, DeviceConnectOptions } from "./device-connection.ts";

export type ConnectionEvent =
  /** `attempt` counts from 1, anew after each connection. */
  | { readonly type: "connecting"; readonly attempt: number }
  /** Connected, and attached to what was asked for; `ordinal` counts from 1. */
  | { readonly type: "ready"; readonly ordinal: number; readonly connection: DeviceConnection }
  /** May come before the `ready` of its connection. */
  | { readonly type: "delivery"; readonly delivery: Delivery }
  /** An attempt to connect again failed. */
  | { readonly type: "connectFailed"; readonly error: ClientError; readonly retryInMs: number }
  | {
      readonly type: "disconnected";
      readonly error: ClientError;
      /** Another client with the same device id threw this one out; over MQTT that is a guess. */
      readonly isTakenOver: boolean;
      readonly retryInMs: number;
    };

/** What is added to the options of each connection. */
export type ConnectionHandlers = Required<
  Pick<DeviceConnectOptions, "onDelivery" | "onDisconnect">
> & { readonly signal: AbortSignal };

export interface KeepConnectedOptions {
  /** Called for every connection, so settings may be read anew. */
  connect(handlers: ConnectionHandlers): Promise<DeviceConnection>;
  /** Closes the connection, for good. */
  readonly signal: AbortSignal;
  /** False: the first loss of the connection is the end. */
  readonly reconnect: boolean;
  onEvent(event: ConnectionEvent): void;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** From 0 up to 1; default Math.random. */
  random?(): number;
}

/** A connection that lived so long, in milliseconds, has held: the back-off starts anew after it. */
export const HELD_MS = 10_000;

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;

/** How a hub says that another connection took this one's place. */
const TAKEN_OVER: readonly ClientErrorName[] = [
  "LinkCreationConflict",
  "ConnectionForcefullyClosedOnNewConnection",
];

/** What trying again does not mend. */
const FINAL: readonly ClientErrorName[] = [
  "IotHubUnauthorized",
  "DeviceNotFound",
  "ArgumentInvalid",
];

/**
 * Keeps the device connected until `signal` aborts, then closes the connection and resolves.
 *
 * @throws ClientError when the first connect fails; when a later one is refused for good
 * (IotHubUnauthorized, DeviceNotFound, ArgumentInvalid); when the connection is lost and `reconnect`
 * is false. Whatever else `connect` throws is the end too.
 */
export async function keepConnected(options: KeepConnectedOptions): Promise<void> {
  await new ConnectionKeeper(options).run();
}

interface Session {
  readonly connection: DeviceConnection;
  /** Resolves with the reason when the connection is lost, with undefined when it is closed. */
  readonly end: Promise<ClientError | undefined>;
  readonly openedAtMs: number;
  /** It was the first attempt that succeeded. */
  readonly isAtOnce: boolean;
}

class ConnectionKeeper {
  readonly #options: KeepConnectedOptions;
  readonly #clock: Clock;
  readonly #backOff: BackOff;
  #connections = 0;
  #endSession = (_error: ClientError | undefined): void => {};

  constructor(options: KeepConnectedOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#backOff = new BackOff({
      firstMs: FIRST_RETRY_MS,
      maxMs: MAX_RETRY_MS,
      random: options.random ?? Math.random,
    });
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    const endSession = (): void => this.#endSession(undefined);
    signal.addEventListener("abort", endSession, { once: true });
    try {
      await this.#keep();
    } finally {
      signal.removeEventListener("abort", endSession);
    }
  }

  async #keep(): Promise<void> {
    let session = await this.#unlessAborted(() => this.#connect(1));
    while (session !== undefined) {
      const error = await session.end;
      if (error === undefined || this.#options.signal.aborted) {
        return await session.connection.close();
      }
      if (!this.#options.reconnect) throw error;
      session = await this.#recover(session, error);
    }
  }

  async #recover(session: Session, error: ClientError): Promise<Session | undefined> {
    const hasHeld = this.#clock.nowMs() - session.openedAtMs >= HELD_MS;
    if (hasHeld) this.#backOff.reset();
    const isSuspect = this.#connections > 1 && session.isAtOnce && !hasHeld;
    const isTakenOver = isSuspect || TAKEN_OVER.includes(error.name);
    const retryInMs = this.#backOff.nextMs();
    this.#options.onEvent({ type: "disconnected", error, isTakenOver, retryInMs });
    return await this.#reconnect(retryInMs);
  }

  async #reconnect(firstRetryInMs: number): Promise<Session | undefined> {
    let retryInMs = firstRetryInMs;
    for (let attempt = 1; ; attempt++) {
      await this.#clock.sleep(retryInMs, this.#options.signal);
      try {
        return await this.#unlessAborted(() => this.#connect(attempt));
      } catch (error) {
        if (!(error instanceof ClientError) || FINAL.includes(error.name)) throw error;
        retryInMs = this.#backOff.nextMs();
        this.#options.onEvent({ type: "connectFailed", error, retryInMs });
      }
    }
  }

  async #connect(attempt: number): Promise<Session> {
    const { connect, onEvent, signal } = this.#options;
    const end = createDeferred<ClientError | undefined>();
    this.#endSession = end.resolve;
    onEvent({ type: "connecting", attempt });
    // A kept session and a first poll bring messages before the connection is ready.
    const early: Delivery[] = [];
    let tell = (delivery: Delivery): void => {
      early.push(delivery);
    };
    const connection = await connect({
      signal,
      onDelivery: (delivery) => tell(delivery),
      onDisconnect: end.resolve,
    });
    this.#connections += 1;
    onEvent({ type: "ready", ordinal: this.#connections, connection });
    tell = (delivery) => onEvent({ type: "delivery", delivery });
    for (const delivery of early) tell(delivery);
    if (signal.aborted) end.resolve(undefined);
    return {
      connection,
      end: end.promise,
      openedAtMs: this.#clock.nowMs(),
      isAtOnce: attempt === 1,
    };
  }

  /** Undefined once it is to end; a connect that fails because of that is no failure. */
  async #unlessAborted(connect: () => Promise<Session>): Promise<Session | undefined> {
    const { signal } = this.#options;
    if (signal.aborted) return undefined;
    try {
      return await connect();
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }
}
