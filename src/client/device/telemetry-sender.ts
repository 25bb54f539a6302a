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
  make(index: number): Message;
  /** Undefined for no limit. */
  readonly count: number | undefined;
  /** 0 sends as fast as the hub confirms. */
  readonly intervalMs: number;
  /** For a connection and the confirmation together; 0 is unbounded. */
  readonly messageTimeoutMs: number;
  onEvent(event: TelemetryEvent): void;
  /** Resolves when the consumer of the events has kept up. */
  room?(): Promise<void> | undefined;
  /** Maximum number of messages without an answer; default 256. */
  readonly windowSize?: number;
  readonly clock?: Clock;
  /** From 0 up to 1; default Math.random. */
  random?(): number;
}

interface Pending {
  readonly index: number;
  readonly message: Message;
  readonly done: AbortController;
  state: "waiting" | "inFlight";
  isUnanswered: boolean;
  isRepeated: boolean;
  isReported: boolean;
}

const DEFAULT_WINDOW = 256;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;

const NOT_SENT: readonly ClientErrorName[] = [
  "ConnectionLost",
  "HostNotFound",
  "ConnectionRefused",
];

/** Wraps a refusal of this message; the reconnect loop would take it for its own error. */
const OF_MESSAGE: ClientErrorName = "ArgumentInvalid";

/** The hub may accept the message later. */
const PASSING: readonly ClientErrorName[] = ["Throttling", "ServiceUnavailable"];

/**
 * Messages are sent in order of creation, unless the hub refuses one and accepts it later. One in
 * flight when its connection ended is sent again, marked as repeated: at least once. One that was
 * confirmed or has timed out is never sent again.
 */
export class TelemetrySender {
  readonly #options: TelemetrySenderOptions;
  readonly #clock: Clock;
  readonly #backOff: BackOff;
  readonly #stop = new AbortController();
  readonly #failed: Deferred<never> = createDeferred();
  readonly #pending = new Set<Pending>();
  #connection: EventConnection | undefined;
  #isPaused = false;
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

  get openCount(): number {
    return [...this.#pending].filter(({ isReported }) => !isReported).length;
  }

  connected(connection: EventConnection): void {
    this.#connection = connection;
    this.#sendWaiting();
    this.#wake();
  }

  disconnected(): void {
    this.#connection = undefined;
  }

  /**
   * @throws ClientError of `FINAL_ERRORS` except ArgumentInvalid: no message would be accepted.
   * Whatever `make`, `room` and `onEvent` throw.
   */
  async run(): Promise<void> {
    await Promise.race([this.#makeAll(), this.#failed.promise]);
  }

  /** Waits up to `graceMs` for messages in flight, and reports the rest as unconfirmed. */
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
