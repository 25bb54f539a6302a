import { BackOff } from "../../async/back-off.ts";
import { type Clock, sleep } from "../../async/clock.ts";
import { ClientError } from "../errors/client-error.ts";
import { isNeverSent } from "../errors/outcome-unknown-error.ts";
import type { OutgoingMessage, PlannedMessage, SendEvent } from "./send-event.ts";
import type { ServiceConnection } from "./service-connection.ts";

export interface SendQueueSettings {
  readonly connection: Pick<ServiceConnection, "send">;
  /** From the first refusal; 0 is unbounded. */
  readonly timeoutMs: number;
  /** Whether a full queue is waited out. Throttling always is. */
  readonly isPatient: boolean;
  readonly clock: Clock;
  readonly random: (() => number) | undefined;
  readonly signal: AbortSignal;
  onMade(outgoing: OutgoingMessage): void;
  onEvent(event: SendEvent): void;
  onInFlight(change: 1 | -1): void;
}

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 5000;

/** Messages tried at once while others wait. */
const MAX_WIDTH = 32;

interface Pending {
  readonly index: number;
  readonly planned: PlannedMessage;
  outgoing?: OutgoingMessage;
  error?: ClientError;
  /** When waiting began to count, in milliseconds since the epoch. */
  refusedAtMs?: number;
  result?: Result;
}

type Result = Extract<SendEvent, { type: "sent" | "failed" | "unsent" }>;

/**
 * Messages are pipelined until one is refused. From then on they queue, and one is tried; each time
 * the hub has accepted all that were tried, twice as many.
 */
export class DeviceSendQueue {
  readonly #deviceId: string;
  readonly #settings: SendQueueSettings;
  readonly #backOff: BackOff;
  readonly #unreported: Pending[] = [];
  readonly #waiting: Pending[] = [];
  #fullSinceMs: number | undefined;
  #isDraining = false;

  constructor(deviceId: string, settings: SendQueueSettings) {
    this.#deviceId = deviceId;
    this.#settings = settings;
    const { random } = settings;
    this.#backOff = new BackOff({ firstMs: FIRST_RETRY_MS, maxMs: MAX_RETRY_MS, random });
  }

  /** Messages that are not yet reported. */
  get size(): number {
    return this.#unreported.length;
  }

  add(index: number, planned: PlannedMessage): void {
    const pending: Pending = { index, planned };
    this.#unreported.push(pending);
    if (this.#isDraining) this.#lineUp(pending);
    else void this.#try(pending);
  }

  /** True if it was accepted or failed; otherwise it waits. */
  #try(pending: Pending): Promise<boolean> {
    const { connection, onInFlight, onMade } = this.#settings;
    if (pending.outgoing === undefined) onMade(outgoingOf(pending));
    const { deviceId, message } = outgoingOf(pending);
    const refusal = pending.planned.refuse?.(message);
    if (refusal) return Promise.resolve(this.#onError(pending, refusal));
    onInFlight(1);
    return connection.send(deviceId, message).then(
      () => {
        onInFlight(-1);
        return this.#onAccepted(pending);
      },
      (cause: unknown) => {
        onInFlight(-1);
        return this.#onError(pending, toClientError(cause));
      },
    );
  }

  #onAccepted(pending: Pending): true {
    this.#fullSinceMs = undefined;
    this.#backOff.reset();
    this.#report(pending, this.#accepted(pending));
    return true;
  }

  #onError(pending: Pending, error: ClientError): boolean {
    const { signal } = this.#settings;
    pending.error = error;
    const isTemporary = this.#isTemporary(error);
    if (isTemporary && !signal.aborted && !this.#isOverdue(pending)) {
      this.#lineUp(pending);
      return false;
    }
    const isUnsent = isNeverSent(error) || (isTemporary && signal.aborted);
    this.#report(pending, isUnsent ? unsent(pending) : failed(pending, error));
    return true;
  }

  #lineUp(pending: Pending): void {
    this.#startWaiting(pending);
    if (!this.#waiting.includes(pending)) {
      const place = this.#waiting.findIndex(({ index }) => index > pending.index);
      this.#waiting.splice(place < 0 ? this.#waiting.length : place, 0, pending);
    }
    if (!this.#isDraining) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#isDraining = true;
    let isPaused = true;
    let width = 1;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (isPaused) await this.#pause(first);
      if (this.#settings.signal.aborted) {
        this.#report(first, unsent(first));
      } else {
        const tried = this.#waiting.slice(0, width).map((pending) => this.#try(pending));
        isPaused = (await Promise.all(tried)).includes(false);
        width = isPaused ? 1 : Math.min(2 * width, MAX_WIDTH);
      }
    }
    this.#isDraining = false;
  }

  async #pause(first: Pending): Promise<void> {
    const { clock, signal, onEvent } = this.#settings;
    const retryInMs = Math.min(this.#backOff.nextMs(), this.#msLeft(first));
    const { error } = first;
    if (error) {
      const type = error.name === "Throttling" ? "throttled" : "queueFull";
      onEvent({ type, deviceId: this.#deviceId, error, retryInMs });
    }
    await sleep(clock, retryInMs, signal);
  }

  #accepted(pending: Pending): Result {
    const acceptedAtMs = this.#settings.clock.nowMs();
    return { type: "sent", index: pending.index, outgoing: outgoingOf(pending), acceptedAtMs };
  }

  #report(pending: Pending, result: Result): void {
    pending.result = result;
    remove(this.#waiting, pending);
    for (let first = this.#unreported[0]; first?.result; first = this.#unreported[0]) {
      this.#unreported.shift();
      this.#settings.onEvent(first.result);
    }
  }

  #isTemporary({ name }: ClientError): boolean {
    if (name === "Throttling") return true;
    return name === "DeviceMaximumQueueDepthExceeded" && this.#settings.isPatient;
  }

  #isOverdue(pending: Pending): boolean {
    this.#startWaiting(pending);
    return this.#msLeft(pending) <= 0;
  }

  /** All messages refused before the device accepts one again share the first refusal's time. */
  #startWaiting(pending: Pending): void {
    this.#fullSinceMs ??= this.#settings.clock.nowMs();
    pending.refusedAtMs ??= this.#fullSinceMs;
  }

  #msLeft({ refusedAtMs }: Pending): number {
    const { timeoutMs, clock } = this.#settings;
    if (timeoutMs === 0 || refusedAtMs === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(0, refusedAtMs + timeoutMs - clock.nowMs());
  }
}

function outgoingOf(pending: Pending): OutgoingMessage {
  const { planned } = pending;
  pending.outgoing ??= { deviceId: planned.deviceId, message: planned.make() };
  return pending.outgoing;
}

function remove<T>(list: T[], value: T): void {
  const place = list.indexOf(value);
  if (place >= 0) list.splice(place, 1);
}

function toClientError(cause: unknown): ClientError {
  if (cause instanceof ClientError) return cause;
  return new ClientError("ServerError", "The message could not be sent.", { cause });
}

function failed(pending: Pending, error: ClientError): Result {
  return { type: "failed", index: pending.index, outgoing: outgoingOf(pending), error };
}

function unsent({ index, planned, error }: Pending): Result {
  return { type: "unsent", index, deviceId: planned.deviceId, error };
}
