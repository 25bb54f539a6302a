import { setMaxListeners } from "node:events";
import { type Clock, sleep, systemClock } from "../../async/clock.ts";
import { untilAborted } from "../../async/until-aborted.ts";
import type { ClientError, ClientErrorName } from "../errors/client-error.ts";
import { DeviceSendQueue, type SendQueueSettings } from "./device-send-queue.ts";
import type { OutgoingMessage, PlannedMessage, SendEvent } from "./send-event.ts";
import type { ServiceConnection } from "./service-connection.ts";

export interface SendAllOptions {
  readonly connection: Pick<ServiceConnection, "send">;
  readonly messages: AsyncIterable<PlannedMessage> | Iterable<PlannedMessage>;
  /** Waited for before each message is read, if defined. */
  room?(): Promise<void> | undefined;
  /** Before the message is sent for the first time. */
  onMade?(outgoing: OutgoingMessage): void;
  onEvent(event: SendEvent): void;
  readonly onQueueFull: "wait" | "fail";
  /** Counts from the first refusal since the message's device last took one; 0 is unbounded. */
  readonly timeoutMs: number;
  readonly intervalMs: number;
  /** Messages waiting for a retry stay unsent, those in flight are awaited. */
  readonly signal: AbortSignal;
  /** Maximum number of unanswered messages; default 256. */
  readonly windowSize?: number;
  /** Messages read and not yet reported, including those for a full device; default 4096. */
  readonly backlogSize?: number;
  readonly clock?: Clock;
  /** From 0 up to 1; default Math.random. */
  random?(): number;
}

const DEFAULT_WINDOW = 256;
const DEFAULT_BACKLOG = 4096;

const FINAL: readonly ClientErrorName[] = [
  "ConnectionLost",
  "IncompatiblePackage",
  "IotHubUnauthorized",
];

/**
 * Every message is reported once, in order per device. They arrive in order too, unless the hub
 * refuses one and accepts it later.
 *
 * @throws ClientError ConnectionLost, IotHubUnauthorized or IncompatiblePackage, once every message
 * read has been reported; whatever `messages` throws.
 */
export async function sendAll(options: SendAllOptions): Promise<void> {
  await new Sender(options).run();
}

class Sender {
  readonly #options: SendAllOptions;
  readonly #clock: Clock;
  readonly #queues = new Map<string, DeviceSendQueue>();
  readonly #queueSettings: SendQueueSettings;
  readonly #end = new AbortController();
  readonly #stopSignal: AbortSignal;
  #finalError: ClientError | undefined;
  #open = 0;
  #inFlight = 0;
  #onChange: () => void = () => {};

  constructor(options: SendAllOptions) {
    const { signal, onQueueFull, timeoutMs, connection } = options;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#stopSignal = AbortSignal.any([signal, this.#end.signal]);
    // One listener for each waiting device; Node would warn of a leak above ten.
    setMaxListeners(0, this.#stopSignal);
    this.#queueSettings = {
      connection,
      timeoutMs,
      isPatient: onQueueFull === "wait",
      clock: this.#clock,
      random: options.random,
      signal: this.#stopSignal,
      onMade: (outgoing) => options.onMade?.(outgoing),
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
    const hasRoom = (): boolean => this.#inFlight < windowSize && this.#open < backlogSize;
    const messages = iteratorOf(this.#options.messages);
    for (let index = 0; ; index++) {
      if (!hasRoom()) await this.#until(hasRoom);
      const room = this.#options.room?.();
      if (room !== undefined) await room;
      const result = messages.next();
      // What is there already is not waited for: a step of the event loop costs more than a message.
      const next = result instanceof Promise ? await untilAborted(result, signal) : result;
      if (next === undefined || next.done) break;
      if (index > 0 && intervalMs > 0) await sleep(this.#clock, intervalMs, signal);
      if (signal.aborted) break;
      this.#open += 1;
      this.#queueOf(next.value.deviceId).add(index, next.value);
    }
    // Not awaited: a generator that waits for input returns only once that arrives.
    if (signal.aborted) Promise.resolve(messages.return?.()).catch(() => {});
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

function iteratorOf<T>(values: AsyncIterable<T> | Iterable<T>): AsyncIterator<T> | Iterator<T> {
  return Symbol.asyncIterator in values
    ? values[Symbol.asyncIterator]()
    : values[Symbol.iterator]();
}
