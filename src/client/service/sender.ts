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
  /** Waited for before each message is read, until it is undefined. */
  room?(): Promise<void> | undefined;
  /** Before the message is sent for the first time. */
  onMade?(outgoing: OutgoingMessage): void;
  onEvent(event: SendEvent): void;
  readonly onQueueFull: "wait" | "fail";
  /** Counts from the first refusal since the message's device last took one; 0 is unbounded. */
  readonly timeoutMs: number;
  /** From one message to the next. */
  readonly intervalMs: number;
  /** End the run; default ConnectionLost, IncompatiblePackage and IotHubUnauthorized. */
  readonly finalErrors?: readonly ClientErrorName[] | undefined;
  /** Messages waiting for a retry stay unsent, those in flight are awaited. */
  readonly signal: AbortSignal;
  /** Maximum number of unanswered messages; default 256. */
  readonly windowSize?: number;
  /** Messages read and not yet reported, including those for a full device; default 4096. */
  readonly backlogSize?: number | undefined;
  /** The same for each device; no default. A device that has as many holds up the others. */
  readonly deviceBacklogSize?: number | undefined;
  readonly clock?: Clock;
  /** From 0 up to 1; default Math.random. */
  random?(): number;
}

const DEFAULT_WINDOW = 256;
const DEFAULT_BACKLOG = 4096;

export const FINAL_SEND_ERRORS: readonly ClientErrorName[] = [
  "ConnectionLost",
  "IncompatiblePackage",
  "IotHubUnauthorized",
];

/**
 * Every message is reported once, in order per device. They arrive in order too, unless the hub
 * refuses one and accepts it later.
 *
 * @throws ClientError of `finalErrors`, once every message read has been reported; whatever
 * `messages` throws.
 */
export async function sendAll(options: SendAllOptions): Promise<void> {
  await new Sender(options).run();
}

class Sender {
  readonly #options: SendAllOptions;
  readonly #clock: Clock;
  readonly #queues = new Map<string, DeviceSendQueue>();
  /** Devices that have no room in their backlog. */
  readonly #crowded = new Set<string>();
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
    const hasRoom = (): boolean =>
      this.#inFlight < windowSize && this.#open < backlogSize && this.#crowded.size === 0;
    const messages = iteratorOf(this.#options.messages);
    let lastMs = 0;
    for (let index = 0; ; index++) {
      if (!hasRoom()) await this.#until(hasRoom);
      for (let room = this.#room(); room; room = this.#room()) await untilAborted(room, signal);
      if (signal.aborted) break;
      const result = messages.next();
      // What is there already is not waited for: a step of the event loop costs more than a message.
      const next = result instanceof Promise ? await untilAborted(result, signal) : result;
      if (next === undefined || next.done) break;
      if (intervalMs > 0) {
        if (index > 0) await this.#pauseSince(lastMs);
        lastMs = this.#clock.nowMs();
      }
      if (signal.aborted) break;
      this.#add(index, next.value);
    }
    // Not awaited: a generator that waits for input returns only once that arrives.
    if (signal.aborted) Promise.resolve(messages.return?.()).catch(() => {});
  }

  #room(): Promise<void> | undefined {
    return this.#stopSignal.aborted ? undefined : this.#options.room?.();
  }

  async #pauseSince(lastMs: number): Promise<void> {
    const { intervalMs } = this.#options;
    // The clock may have been set back.
    const leftMs = Math.min(intervalMs, lastMs + intervalMs - this.#clock.nowMs());
    if (leftMs > 0) await sleep(this.#clock, leftMs, this.#stopSignal);
  }

  #add(index: number, planned: PlannedMessage): void {
    const { deviceId } = planned;
    const queue = this.#queueOf(deviceId);
    this.#open += 1;
    queue.add(index, planned);
    const { deviceBacklogSize = Number.POSITIVE_INFINITY } = this.#options;
    if (queue.size >= deviceBacklogSize) this.#crowded.add(deviceId);
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
    this.#crowded.delete("outgoing" in event ? event.outgoing.deviceId : event.deviceId);
    this.#onChange();
  }

  #endIfFinal(error: ClientError | undefined): void {
    const { finalErrors = FINAL_SEND_ERRORS } = this.#options;
    if (error === undefined || !finalErrors.includes(error.name)) return;
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
