/** Sends many messages over one connection: pipelined, bounded, patient with full queues. */

import { setMaxListeners } from "node:events";
import { type Clock, sleep, systemClock } from "../../async/clock.ts";
import { untilAborted } from "../../async/until-aborted.ts";
import type { ClientError, ClientErrorName } from "../errors/client-error.ts";
import { DeviceSendQueue, type SendQueueSettings } from "./device-send-queue.ts";
import type { PlannedMessage, SendEvent } from "./send-event.ts";
import type { ServiceConnection } from "./service-connection.ts";

export interface SendAllOptions {
  readonly connection: Pick<ServiceConnection, "send">;
  readonly messages: AsyncIterable<PlannedMessage> | Iterable<PlannedMessage>;
  onEvent(event: SendEvent): void;
  readonly onQueueFull: "wait" | "fail";
  /**
   * How long a message that was refused for a full queue or throttling is tried again, in
   * milliseconds from the first refusal since its device last took one; 0 is unbounded.
   */
  readonly timeoutMs: number;
  /** Between the starts of two sends, in milliseconds. */
  readonly intervalMs: number;
  /** Takes no further message; what waits for another try stays unsent, what is in flight is awaited. */
  readonly signal: AbortSignal;
  /** Messages the hub has not answered yet; default 256. */
  readonly windowSize?: number;
  /**
   * Messages taken and not yet reported, those that wait for room in their device's queue included:
   * so far the other devices are served on. Default 4096.
   */
  readonly backlogSize?: number;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** From 0 up to 1; default Math.random. */
  random?(): number;
}

const DEFAULT_WINDOW = 256;
const DEFAULT_BACKLOG = 4096;

/** After these the connection is of no further use. */
const FINAL: readonly ClientErrorName[] = [
  "ConnectionLost",
  "IncompatiblePackage",
  "IotHubUnauthorized",
];

/**
 * Every message taken is reported once, as `sent`, `failed` or `unsent`, those of one device in their
 * order.
 * The hub gets the messages of one device in their order too, unless it refuses one and takes it
 * later.
 *
 * @throws ClientError ConnectionLost, IotHubUnauthorized or IncompatiblePackage once everything taken has been reported;
 * whatever `messages` throws.
 */
export async function sendAll(options: SendAllOptions): Promise<void> {
  await new Sender(options).run();
}

class Sender {
  readonly #options: SendAllOptions;
  readonly #clock: Clock;
  readonly #queues = new Map<string, DeviceSendQueue>();
  readonly #queueSettings: SendQueueSettings;
  /** Aborted by an error that is final. */
  readonly #end = new AbortController();
  /** Aborted by that or by the caller. */
  readonly #stopSignal: AbortSignal;
  #finalError: ClientError | undefined;
  /** Taken and not yet reported. */
  #open = 0;
  /** Sent and not yet answered. */
  #inFlight = 0;
  #onChange: () => void = () => {};

  constructor(options: SendAllOptions) {
    const { signal, onQueueFull, timeoutMs, connection } = options;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#stopSignal = AbortSignal.any([signal, this.#end.signal]);
    // One listener for each device that waits; Node would warn of a leak beyond ten.
    setMaxListeners(0, this.#stopSignal);
    this.#queueSettings = {
      connection,
      timeoutMs,
      isPatient: onQueueFull === "wait",
      clock: this.#clock,
      random: options.random,
      signal: this.#stopSignal,
      onEvent: (event) => this.#onEvent(event),
      onInFlight: (change) => {
        this.#inFlight += change;
        this.#onChange();
      },
    };
  }

  async run(): Promise<void> {
    try {
      await this.#takeAll();
    } finally {
      await this.#until(() => this.#open === 0);
    }
    if (this.#finalError) throw this.#finalError;
  }

  async #takeAll(): Promise<void> {
    const signal = this.#stopSignal;
    const { intervalMs } = this.#options;
    const { windowSize = DEFAULT_WINDOW, backlogSize = DEFAULT_BACKLOG } = this.#options;
    const messages = iterate(this.#options.messages);
    for (let index = 0; ; index++) {
      await this.#until(() => this.#inFlight < windowSize && this.#open < backlogSize);
      const next = await untilAborted(messages.next(), signal);
      if (next === undefined || next.done) break;
      if (index > 0 && intervalMs > 0) await sleep(this.#clock, intervalMs, signal);
      if (signal.aborted) break;
      this.#open += 1;
      this.#queueOf(next.value.deviceId).add(index, next.value);
    }
    // Not awaited: a generator that waits for input answers only once that has come.
    if (signal.aborted) Promise.resolve(messages.return(undefined)).catch(() => {});
  }

  #queueOf(deviceId: string): DeviceSendQueue {
    const queue = this.#queues.get(deviceId) ?? new DeviceSendQueue(deviceId, this.#queueSettings);
    this.#queues.set(deviceId, queue);
    return queue;
  }

  #onEvent(event: SendEvent): void {
    this.#options.onEvent(event);
    if (event.type === "queueFull" || event.type === "throttled") return;
    if (event.type !== "sent") this.#endIfFinal(event.error);
    this.#open -= 1;
    this.#onChange();
  }

  #endIfFinal(error: ClientError | undefined): void {
    if (error === undefined || !FINAL.includes(error.name)) return;
    this.#finalError ??= error;
    this.#end.abort();
  }

  async #until(isReady: () => boolean): Promise<void> {
    while (!isReady()) {
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }
}

async function* iterate<T>(values: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
  yield* values;
}
