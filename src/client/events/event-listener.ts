/** Keeps reading events: connects, and connects again for as long as it takes. */

import { BackOff } from "../../async/back-off.ts";
import { type Clock, systemClock } from "../../async/clock.ts";
import { createDeferred } from "../../async/deferred.ts";
import { EventCursor, type EventStart } from "../connection/event-cursor.ts";
import { type HubWatch, pause } from "../connection/pause.ts";
import { HELD_MS } from "../device/keep-connected.ts";
import { ClientError } from "../errors/client-error.ts";
import { isFinal } from "../errors/final-error.ts";
import type { EventConnection, EventConnectOptions } from "./connect-events.ts";
import type { ReceivedEvent } from "./received-event.ts";

export type EventListenerEvent =
  /** All partitions are attached. */
  | { readonly type: "ready"; readonly isFirst: boolean; readonly connection: EventConnection }
  /** So many events were no longer there when they were to be read: a hub keeps them for a time, or so many. */
  | { readonly type: "gap"; readonly partitionId: string; readonly missing: number }
  /** A connection that was there is gone, or an attempt to open it anew has failed. */
  | { readonly type: "retry"; readonly error: ClientError; readonly retryInMs: number };

/** What a listener adds to the options of a connection. */
export type EventHandlers = Pick<EventConnectOptions, "cursor" | "onEvent" | "onDisconnect"> & {
  readonly signal: AbortSignal;
};

export interface EventListenerOptions {
  readonly start: EventStart;
  /** Called for every connection, so settings may be read anew. */
  connect(handlers: EventHandlers): Promise<EventConnection>;
  /** Ends the reading. */
  readonly signal: AbortSignal;
  /**
   * Once for each event, one of a partition at a time, in order, and none before `ready`. The next
   * ones wait for its promise, which must not reject.
   */
  onRead(event: ReceivedEvent): Promise<void>;
  onEvent(event: EventListenerEvent): void;
  readonly watch?: HubWatch;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** From 0 up to 1; default Math.random. */
  random?(): number;
}

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;

/**
 * Reads until `signal` aborts, then closes the connection and resolves. However often the connection
 * is lost, each partition goes on after the last event that was read.
 *
 * @throws ClientError when the first connect fails, and when a later one is refused for good.
 * Whatever else `connect` throws ends the reading too.
 */
export async function runEventListener(options: EventListenerOptions): Promise<void> {
  await new EventListener(options).run();
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
      random: options.random ?? Math.random,
    });
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      const error = await this.#readOnce().catch((thrown: unknown) => this.#forgive(thrown));
      if (error === undefined || signal.aborted) return;
      await this.#pause(error);
    }
  }

  /** Resolves with the reason when the connection is lost, with undefined when the reading ends. */
  async #readOnce(): Promise<ClientError | undefined> {
    const { connect, signal, onEvent } = this.#options;
    const ready = createDeferred<void>();
    const end = createDeferred<ClientError | undefined>();
    const stop = (): void => end.resolve(undefined);
    signal.addEventListener("abort", stop, { once: true });
    try {
      const connection = await connect({
        signal,
        cursor: this.#cursor,
        onEvent: (event) => ready.promise.then(() => this.#read(event)),
        onDisconnect: end.resolve,
      });
      onEvent({ type: "ready", isFirst: !this.#hasConnected, connection });
      this.#hasConnected = true;
      ready.resolve();
      return await this.#untilEnd(connection, end.promise);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  async #read(event: ReceivedEvent): Promise<void> {
    const { partitionId, sequenceNumber } = event;
    const missing = this.#cursor.gapBefore(partitionId, sequenceNumber);
    if (missing > 0) this.#options.onEvent({ type: "gap", partitionId, missing });
    await this.#options.onRead(event);
  }

  async #untilEnd(
    connection: EventConnection,
    end: Promise<ClientError | undefined>,
  ): Promise<ClientError | undefined> {
    const openedAtMs = this.#clock.nowMs();
    const error = await end;
    if (this.#clock.nowMs() - openedAtMs >= HELD_MS) this.#backOff.reset();
    await connection.close();
    return error;
  }

  /** A later attempt may fail for now; one that fails because the end was asked for has not failed. */
  #forgive(thrown: unknown): ClientError | undefined {
    if (this.#options.signal.aborted) return undefined;
    if (!this.#hasConnected || !(thrown instanceof ClientError)) throw thrown;
    return thrown;
  }

  async #pause(error: ClientError): Promise<void> {
    if (isFinal(error)) throw error;
    const { signal, onEvent, watch } = this.#options;
    const retryInMs = watch?.hasEnded() ? 0 : this.#backOff.nextMs();
    onEvent({ type: "retry", error, retryInMs });
    await pause(retryInMs, { clock: this.#clock, signal, watch });
  }
}
