/** Sends telemetry at a given interval, across reconnects, until each message has its answer. */

import { BackOff } from "../../async/back-off.ts";
import { type Clock, sleep, systemClock } from "../../async/clock.ts";
import { createDeferred, type Deferred } from "../../async/deferred.ts";
import type { Message } from "../../core/message.ts";
import type { DeviceConnection } from "../connection/device-connection.ts";
import { ClientError, type ClientErrorName } from "../errors/client-error.ts";
import { isFinal } from "../errors/final-error.ts";
import { OutcomeUnknownError } from "../errors/outcome-unknown-error.ts";
import type { TelemetryEvent, UnconfirmedReason } from "./telemetry-event.ts";

type EventConnection = Pick<DeviceConnection, "sendEvent" | "keepsOrder">;

export interface TelemetrySenderOptions {
  /** Creates the message with this index when it is due. */
  make(index: number): Message;
  /** Number of messages; undefined for no limit. */
  readonly count: number | undefined;
  /** Interval between two messages, in milliseconds; 0 sends as fast as the hub confirms. */
  readonly intervalMs: number;
  /** How long a message may wait for a connection and its confirmation, in milliseconds; 0 is unbounded. */
  readonly messageTimeoutMs: number;
  onEvent(event: TelemetryEvent): void;
  /** Resolves when another message may be created, because the consumer of the events has kept up. */
  room?(): Promise<void>;
  /** Maximum number of messages without an answer; default 256. */
  readonly windowSize?: number;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** From 0 up to 1; default Math.random. */
  random?(): number;
}

/** A message between its creation and its answer. */
interface Pending {
  readonly index: number;
  readonly message: Message;
  /** Aborted once the answer arrives. */
  readonly done: AbortController;
  state: "waiting" | "inFlight";
  /** It was sent, and its outcome is unknown. */
  isUnanswered: boolean;
  isRepeated: boolean;
  /** It has been reported as unconfirmed. */
  isReported: boolean;
}

const DEFAULT_WINDOW = 256;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;

/** The connection ended before the message was sent. */
const NOT_SENT: readonly ClientErrorName[] = [
  "ConnectionLost",
  "HostNotFound",
  "ConnectionRefused",
];

/** Wraps a refusal of this message, which the reconnect loop would otherwise handle as its own error. */
const OF_MESSAGE: ClientErrorName = "ArgumentInvalid";

/** The hub did not accept the message, but may accept it later. */
const PASSING: readonly ClientErrorName[] = ["Throttling", "ServiceUnavailable"];

/**
 * Messages are sent in order of creation, unless the hub refuses one and accepts it later.
 *
 * A message in flight when its connection ended is sent again over the next one, marked as
 * repeated: at least once. A message that was confirmed or has timed out is never sent again.
 */
export class TelemetrySender {
  readonly #options: TelemetrySenderOptions;
  readonly #clock: Clock;
  readonly #backOff: BackOff;
  /** Aborted when no further message is created. */
  readonly #stop = new AbortController();
  readonly #failed: Deferred<never> = createDeferred();
  /** Messages without an answer, in order of creation. */
  readonly #pending = new Set<Pending>();
  #connection: EventConnection | undefined;
  #isPaused = false;
  /** Waiters for a state change. */
  #waiting: (() => void)[] = [];

  constructor(options: TelemetrySenderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#backOff = new BackOff({
      firstMs: FIRST_RETRY_MS,
      maxMs: MAX_RETRY_MS,
      random: options.random,
    });
  }

  /** Number of messages that have not been reported yet. */
  get openCount(): number {
    return [...this.#pending].filter(({ isReported }) => !isReported).length;
  }

  /** Uses this connection from now on. The first one starts sending. */
  connected(connection: EventConnection): void {
    this.#connection = connection;
    this.#sendWaiting();
    this.#wake();
  }

  /** Sends in flight fail on their own. */
  disconnected(): void {
    this.#connection = undefined;
  }

  /**
   * Resolves once every message was reported as confirmed, unconfirmed or failed, or `end` was
   * called.
   *
   * @throws ClientError of `FINAL_ERRORS` except ArgumentInvalid: no message would be accepted.
   * Whatever `make`, `room` and `onEvent` throw.
   */
  async run(): Promise<void> {
    await Promise.race([this.#makeAll(), this.#failed.promise]);
  }

  /**
   * Creates no more messages, waits up to `graceMs` for those in flight, and reports the rest as
   * unconfirmed.
   */
  async end(graceMs: number): Promise<void> {
    this.#stop.abort();
    this.#wake();
    const grace = new AbortController();
    const isAnswered = this.#until(() => !this.#hasInFlight());
    await Promise.race([isAnswered, sleep(this.#clock, graceMs, grace.signal)]);
    grace.abort();
    for (const pending of [...this.#pending]) {
      this.#reportUnconfirmed(pending, "SendingEnded");
      this.#finish(pending);
    }
  }

  async #makeAll(): Promise<void> {
    const { intervalMs, make, room, count = Number.POSITIVE_INFINITY } = this.#options;
    const { signal } = this.#stop;
    await this.#until(() => this.#connection !== undefined || signal.aborted);
    for (let index = 0; index < count && !signal.aborted; index++) {
      if (index > 0 && intervalMs > 0) await sleep(this.#clock, intervalMs, signal);
      await this.#until(() => this.#hasRoom() || signal.aborted);
      await room?.();
      if (!signal.aborted) this.#add(index, make(index));
    }
    await this.#until(() => signal.aborted || this.openCount === 0);
  }

  /** With interval 0, messages are created only while there is a connection. */
  #hasRoom(): boolean {
    const { intervalMs, windowSize = DEFAULT_WINDOW } = this.#options;
    if (this.#pending.size >= windowSize) return false;
    return intervalMs > 0 || (this.#connection !== undefined && !this.#isPaused);
  }

  #hasInFlight(): boolean {
    return [...this.#pending].some(({ state, isReported }) => state === "inFlight" && !isReported);
  }

  #add(index: number, message: Message): void {
    const pending: Pending = {
      index,
      message,
      done: new AbortController(),
      state: "waiting",
      isUnanswered: false,
      isRepeated: false,
      isReported: false,
    };
    this.#pending.add(pending);
    void this.#watchTime(pending);
    this.#sendWaiting();
  }

  async #watchTime(pending: Pending): Promise<void> {
    const { messageTimeoutMs } = this.#options;
    if (messageTimeoutMs === 0) return;
    await sleep(this.#clock, messageTimeoutMs, pending.done.signal);
    if (pending.done.signal.aborted) return;
    this.#reportUnconfirmed(pending, "MessageTimeout");
    // A message in flight may still get its answer; until then it occupies a slot of the window.
    if (pending.state === "waiting") this.#finish(pending);
    else this.#wake();
  }

  #sendWaiting(): void {
    for (const pending of this.#pending) {
      const connection = this.#connection;
      if (connection === undefined || this.#isPaused) return;
      if (pending.state === "waiting") void this.#send(pending, connection);
      if (!connection.keepsOrder) return;
    }
  }

  async #send(pending: Pending, connection: EventConnection): Promise<void> {
    const { index, message, isUnanswered } = pending;
    pending.state = "inFlight";
    pending.isRepeated ||= isUnanswered;
    this.#report({ type: "sent", index, message, isRepeated: pending.isRepeated });
    try {
      await connection.sendEvent(message);
    } catch (error) {
      this.#onError(pending, error, connection);
      return;
    }
    this.#backOff.reset();
    this.#confirm(pending);
  }

  #confirm(pending: Pending): void {
    if (!this.#finish(pending)) return;
    const { index, message, isRepeated, isReported } = pending;
    const confirmedAtMs = this.#clock.nowMs();
    this.#report({
      type: "confirmed",
      index,
      message,
      confirmedAtMs,
      isRepeated,
      isLate: isReported,
    });
  }

  #onError(pending: Pending, error: unknown, connection: EventConnection): void {
    const { index, message, isReported } = pending;
    if (!(error instanceof ClientError) || (isFinal(error) && error.name !== OF_MESSAGE)) {
      pending.state = "waiting";
      this.#failed.reject(error as Error);
    } else if (error instanceof OutcomeUnknownError || NOT_SENT.includes(error.name)) {
      pending.isUnanswered ||= error instanceof OutcomeUnknownError;
      // The end of the connection shows here before the reconnect loop reports it.
      if (this.#connection === connection) this.disconnected();
      this.#requeue(pending);
    } else if (PASSING.includes(error.name)) {
      void this.#pause(pending, error);
      this.#requeue(pending);
    } else if (this.#finish(pending)) {
      this.#report({ type: "failed", index, message, error, isLate: isReported });
    }
  }

  /** A message that has timed out is not sent again. */
  #requeue(pending: Pending): void {
    pending.state = "waiting";
    if (pending.isReported) this.#finish(pending);
    else this.#sendWaiting();
    this.#wake();
  }

  async #pause({ index, message }: Pending, error: ClientError): Promise<void> {
    if (this.#isPaused) return;
    this.#isPaused = true;
    const retryInMs = this.#backOff.nextMs();
    this.#report({ type: "throttled", index, message, error, retryInMs });
    await sleep(this.#clock, retryInMs, this.#stop.signal);
    this.#isPaused = false;
    this.#sendWaiting();
    this.#wake();
  }

  #reportUnconfirmed(pending: Pending, reason: UnconfirmedReason): void {
    const { index, message, isUnanswered, state, isReported } = pending;
    if (isReported) return;
    pending.isReported = true;
    const mayBeStored = isUnanswered || state === "inFlight";
    this.#report({ type: "unconfirmed", index, message, reason, mayBeStored });
  }

  /** @returns False if it was settled before. */
  #finish(pending: Pending): boolean {
    const isOpen = this.#pending.delete(pending);
    pending.done.abort();
    this.#sendWaiting();
    this.#wake();
    return isOpen;
  }

  #report(event: TelemetryEvent): void {
    try {
      this.#options.onEvent(event);
    } catch (error) {
      this.#failed.reject(error as Error);
    }
  }

  async #until(isReady: () => boolean): Promise<void> {
    while (!isReady()) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
}
