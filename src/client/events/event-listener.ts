import { BackOff } from "../../async/back-off.ts";
import { type Clock, systemClock } from "../../async/clock.ts";
import { createDeferred } from "../../async/deferred.ts";
import { untilAborted } from "../../async/until-aborted.ts";
import { EventCursor, type EventStart } from "../connection/event-cursor.ts";
import {
  HELD_MS,
  type HubWatch,
  nextWaitMs,
  reconnect,
  unlessAborted,
} from "../connection/reconnect.ts";
import type { ClientError } from "../errors/client-error.ts";
import { isFinal } from "../errors/final-error.ts";
import type { EventConnection, EventConnectOptions } from "./connect-events.ts";
import type { ReceivedEvent } from "./received-event.ts";

export type EventListenerEvent =
  | { readonly type: "ready"; readonly isFirst: boolean; readonly connection: EventConnection }
  /** These were gone before they were read: a hub limits the age and number of events. */
  | { readonly type: "gap"; readonly partitionId: string; readonly missing: number }
  | { readonly type: "retry"; readonly error: ClientError; readonly retryInMs: number };

export type EventHandlers = Pick<EventConnectOptions, "cursor" | "onEvent" | "onDisconnect"> & {
  readonly signal: AbortSignal;
};

export interface EventListenerOptions {
  readonly start: EventStart;
  /** Called for every connection, so that settings can be read again. */
  connect(handlers: EventHandlers): Promise<EventConnection>;
  readonly signal: AbortSignal;
  /**
   * Called once for each event, one per partition at a time, in order, and never before `ready`.
   * The next event waits for its promise, which must not reject.
   */
  onRead(event: ReceivedEvent): Promise<void>;
  onEvent(event: EventListenerEvent): void;
  readonly watch?: HubWatch | undefined;
  readonly clock?: Clock;
  /** From 0 up to 1; default Math.random. */
  random?(): number;
}

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;

/**
 * @throws ClientError when the first connect fails, and when a later one is refused for good. Any
 * other error of `connect` is final too.
 */
export async function runEventListener(options: EventListenerOptions): Promise<void> {
  await new EventListener(options).run();
}

interface Session {
  readonly connection: EventConnection;
  readonly lost: Promise<ClientError>;
  readonly openedAtMs: number;
}

class EventListener {
  readonly #options: EventListenerOptions;
  readonly #clock: Clock;
  readonly #backOff: BackOff;
  readonly #cursor: EventCursor;
  #hasConnected = false;

  constructor(options: EventListenerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#cursor = new EventCursor(options.start);
    this.#backOff = new BackOff({
      firstMs: FIRST_RETRY_MS,
      maxMs: MAX_RETRY_MS,
      random: options.random,
    });
  }

  async run(): Promise<void> {
    const { signal, watch, clock } = this.#options;
    let session = await unlessAborted(signal, () => this.#connect());
    while (session !== undefined) {
      const error = await untilAborted(session.lost, signal);
      if (this.#clock.nowMs() - session.openedAtMs >= HELD_MS) this.#backOff.reset();
      await session.connection.close();
      if (error === undefined || signal.aborted) return;
      if (isFinal(error)) throw error;
      const retryInMs = nextWaitMs(this.#backOff, watch);
      this.#onRetry(error, retryInMs);
      session = await reconnect(retryInMs, () => this.#connect(), {
        signal,
        backOff: this.#backOff,
        watch,
        clock,
        onFailed: (failure, waitMs) => this.#onRetry(failure, waitMs),
      });
    }
  }

  async #connect(): Promise<Session> {
    const { connect, signal, onEvent } = this.#options;
    const ready = createDeferred<void>();
    const lost = createDeferred<ClientError>();
    const connection = await connect({
      signal,
      cursor: this.#cursor,
      onEvent: (event) => ready.promise.then(() => this.#read(event)),
      onDisconnect: lost.resolve,
    });
    onEvent({ type: "ready", isFirst: !this.#hasConnected, connection });
    this.#hasConnected = true;
    ready.resolve();
    return { connection, lost: lost.promise, openedAtMs: this.#clock.nowMs() };
  }

  #onRetry(error: ClientError, retryInMs: number): void {
    this.#options.onEvent({ type: "retry", error, retryInMs });
  }

  async #read(event: ReceivedEvent): Promise<void> {
    const { partitionId, sequenceNumber } = event;
    const missing = this.#cursor.gapBefore(partitionId, sequenceNumber);
    if (missing > 0) this.#options.onEvent({ type: "gap", partitionId, missing });
    await this.#options.onRead(event);
  }
}
