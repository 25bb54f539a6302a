import { BackOff } from "../../async/back-off.ts";
import { type Clock, systemClock } from "../../async/clock.ts";
import { createDeferred } from "../../async/deferred.ts";
import { untilAborted } from "../../async/until-aborted.ts";
import type {
  Delivery,
  DeviceConnection,
  DeviceConnectOptions,
} from "../connection/device-connection.ts";
import { HELD_MS, type HubWatch, reconnect, unlessAborted } from "../connection/reconnect.ts";
import { ClientError, type ClientErrorName } from "../errors/client-error.ts";

export type ConnectionEvent =
  /** `attempt` counts from 1, and restarts after each connection. */
  | { readonly type: "connecting"; readonly attempt: number }
  /** `ordinal` counts from 1. */
  | { readonly type: "ready"; readonly ordinal: number; readonly connection: DeviceConnection }
  | { readonly type: "delivery"; readonly delivery: Delivery }
  | { readonly type: "connectFailed"; readonly error: ClientError; readonly retryInMs: number }
  | {
      readonly type: "disconnected";
      readonly error: ClientError;
      readonly cause: LossCause;
      readonly retryInMs: number;
    };

/** `maybeTakenOver`: several connections in a row did not last. `hubEnded`: stopped or replaced. */
export type LossCause = "takenOver" | "maybeTakenOver" | "hubEnded" | "unknown";

export interface DeviceHubWatch extends HubWatch {
  /** Never `maybeTakenOver`, and must not reject; `unknown` rules out another client. */
  examineLoss(): Promise<LossCause>;
}

export interface ConnectionHandlers extends Pick<DeviceConnectOptions, "onDisconnect"> {
  readonly signal: AbortSignal;
  onDelivery(delivery: Delivery): void;
}

export interface KeepConnectedOptions {
  /** Called for every connection, so that settings can be read again. */
  connect(handlers: ConnectionHandlers): Promise<DeviceConnection>;
  readonly signal: AbortSignal;
  readonly reconnect: boolean;
  onEvent(event: ConnectionEvent): void;
  /** Absent: another client is recognised by the hub's error, or by a pattern of losses. */
  readonly watch?: DeviceHubWatch | undefined;
  readonly clock?: Clock | undefined;
  /** From 0 up to 1; default Math.random. */
  random?(): number;
}

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;

/** Gives up after this many losses to another client without a lasting connection in between. */
const MAX_TAKEOVERS = 2;

/** Short-lived connections in a row that suggest another client, and that end the attempts. */
const SUSPECT_LOSSES = 2;
const MAX_SUSPECT_LOSSES = 4;

const TAKEN_OVER_HINT =
  "A device can have only one connection at a time: stop the other client, or use another device id.";

const TAKEN_OVER: readonly ClientErrorName[] = [
  "LinkCreationConflict",
  "ConnectionForcefullyClosedOnNewConnection",
];

/**
 * @throws ClientError when the first connect fails; when a later one is refused for good
 * (`FINAL_ERRORS`); when the connection is lost and `reconnect` is false;
 * ConnectionForcefullyClosedOnNewConnection when another client keeps replacing it: of two clients
 * that compete for a device, the one that connected first gives up. Any other error of `connect`.
 */
export async function keepConnected(options: KeepConnectedOptions): Promise<void> {
  await new ConnectionKeeper(options).run();
}

interface Session {
  readonly connection: DeviceConnection;
  readonly lost: Promise<ClientError>;
  readonly openedAtMs: number;
  readonly isAtOnce: boolean;
}

class ConnectionKeeper {
  readonly #options: KeepConnectedOptions;
  readonly #clock: Clock;
  readonly #backOff: BackOff;
  #connections = 0;
  /** Consecutive losses; a lasting connection resets both counts. */
  #takeovers = 0;
  #shortLived = 0;

  constructor(options: KeepConnectedOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#backOff = new BackOff({
      firstMs: FIRST_RETRY_MS,
      maxMs: MAX_RETRY_MS,
      random: options.random,
    });
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    let session = await unlessAborted(signal, () => this.#connect(1));
    while (session !== undefined) {
      const error = await untilAborted(session.lost, signal);
      if (error === undefined || signal.aborted) return await session.connection.close();
      session = await this.#recover(session, error);
    }
  }

  async #recover(session: Session, error: ClientError): Promise<Session | undefined> {
    const { onEvent, signal, watch, clock } = this.#options;
    const hasHeld = this.#clock.nowMs() - session.openedAtMs >= HELD_MS;
    if (hasHeld) this.#startAnew();
    const cause = await this.#findCause(session, error, hasHeld);
    if (signal.aborted) return undefined;
    if (cause === "takenOver") this.#takeovers += 1;
    if (!this.#options.reconnect) throw cause === "takenOver" ? takenOver(error) : error;
    if (this.#takeovers >= MAX_TAKEOVERS || this.#shortLived >= MAX_SUSPECT_LOSSES) {
      throw takenOver(error);
    }
    const retryInMs = cause === "hubEnded" ? 0 : this.#backOff.nextMs();
    onEvent({ type: "disconnected", error, cause, retryInMs });
    return await reconnect(retryInMs, (attempt) => this.#connect(attempt), {
      signal,
      backOff: this.#backOff,
      watch,
      clock,
      onFailed: (failure, waitMs) =>
        onEvent({ type: "connectFailed", error: failure, retryInMs: waitMs }),
    });
  }

  #startAnew(): void {
    this.#backOff.reset();
    this.#takeovers = 0;
    this.#shortLived = 0;
  }

  async #findCause(session: Session, error: ClientError, hasHeld: boolean): Promise<LossCause> {
    if (TAKEN_OVER.includes(error.name)) return "takenOver";
    const { watch } = this.#options;
    if (watch) return await watch.examineLoss();
    // If the hub was unreachable in between, the hub was the cause.
    const isSuspect = this.#connections > 1 && session.isAtOnce && !hasHeld;
    this.#shortLived = isSuspect ? this.#shortLived + 1 : 0;
    return this.#shortLived >= SUSPECT_LOSSES ? "maybeTakenOver" : "unknown";
  }

  async #connect(attempt: number): Promise<Session> {
    const { connect, onEvent, signal } = this.#options;
    const lost = createDeferred<ClientError>();
    onEvent({ type: "connecting", attempt });
    // A kept session or a first poll can deliver messages before the connection is ready.
    const early: Delivery[] = [];
    let report = (delivery: Delivery): void => {
      early.push(delivery);
    };
    const connection = await connect({
      signal,
      onDelivery: (delivery) => report(delivery),
      onDisconnect: lost.resolve,
    });
    this.#connections += 1;
    onEvent({ type: "ready", ordinal: this.#connections, connection });
    report = (delivery) => onEvent({ type: "delivery", delivery });
    for (const delivery of early) report(delivery);
    return {
      connection,
      lost: lost.promise,
      openedAtMs: this.#clock.nowMs(),
      isAtOnce: attempt === 1,
    };
  }
}

function takenOver(cause: ClientError): ClientError {
  return new ClientError(
    "ConnectionForcefullyClosedOnNewConnection",
    "Another client connected with the same device id, and the hub disconnected this one.",
    { cause, hint: TAKEN_OVER_HINT },
  );
}
