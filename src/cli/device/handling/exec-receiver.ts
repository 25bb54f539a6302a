/** `--exec`: handles messages to the device one at a time, from arrival to settlement. */

import { setImmediate as nextTurn } from "node:timers/promises";
import { createDeferred } from "../../../async/deferred.ts";
import { waitAtMost } from "../../../async/within.ts";
import type { Delivery } from "../../../client/connection/device-connection.ts";
import { WRITE_GRACE_MS } from "../../program/ending.ts";
import type { Context } from "../../program/run-program.ts";
import { formatJsonLine } from "../../terminal/json-line.ts";
import type { BodyDirectory } from "../receiving/body-directory.ts";
import { DuplicateWindow, messageKey } from "../receiving/duplicate-window.ts";
import { warnOfMalformed } from "../receiving/malformed-properties.ts";
import { type Arrival, toMessageRecord } from "../receiving/message-record.ts";
import type { MessageSink } from "../receiving/message-sink.ts";
import { SettlementWarnings } from "../receiving/settlement-warnings.ts";
import { type Waiting, WaitingDeliveries } from "../receiving/waiting-deliveries.ts";
import { DelayedReturns } from "./delayed-returns.ts";
import { type ExecHandler, ExecStop, type Handled } from "./exec-handler.ts";
import { HandledCount } from "./handled-count.ts";
import { type Locked, LockWatch } from "./lock-watch.ts";

export interface ExecReceiverOptions {
  readonly deviceId: string;
  readonly sink: MessageSink;
  readonly bodies: BodyDirectory | undefined;
  readonly handler: ExecHandler;
  readonly count: number | undefined;
  lockTimeoutMs(): number;
}

interface Handling extends Waiting {
  readonly key: string;
  counts: boolean;
  /** Whether its command has been run before. */
  readonly isAgain: boolean;
}

/** A command that starts later has been kept waiting by another. */
const PROMPT_MS = 1000;

/** Messages go back a little before their locks expire. */
const LOCK_SHARE = 0.8;

export class ExecReceiver {
  readonly #options: ExecReceiverOptions;
  readonly #context: Context;
  readonly #waiting = new WaitingDeliveries<Handling>();
  readonly #count: HandledCount;
  readonly #returns = new DelayedReturns();
  readonly #warnings: SettlementWarnings;
  readonly #lockWatch: LockWatch;
  /** Their commands have been started. */
  readonly #seen = new DuplicateWindow();
  /** Their commands have succeeded. */
  readonly #done = new DuplicateWindow();
  #running: { readonly receivedAtMs: number; readonly startedAtMs: number } | undefined;
  #n = 0;
  #isStopped = false;
  /** Never rejects. */
  #handling: Promise<void> | undefined;
  readonly #finished = createDeferred<void>();

  constructor(options: ExecReceiverOptions, context: Context) {
    this.#options = options;
    this.#context = context;
    this.#count = new HandledCount(options.count);
    this.#warnings = new SettlementWarnings(context.reporter);
    this.#lockWatch = new LockWatch({
      oldest: () => this.#oldest(),
      lockTimeoutMs: () => options.lockTimeoutMs(),
      nowMs: () => Date.now(),
      warn: (text) => context.reporter.warn(text),
    });
  }

  /** Resolves when `count` messages are settled; rejects when one cannot be printed, or with ExecStop. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** Settled, or waiting to be returned. */
  get receivedCount(): number {
    return this.#count.settled;
  }

  /** @param connection The number of the connection that it came over. */
  add(delivery: Delivery, connection: number): void {
    if (this.#isStopped || this.#waiting.replace(delivery, connection)) return;
    if (this.#waiting.isFull) return;
    const { message } = delivery;
    const key = messageKey(message);
    const isAgain = this.#seen.has(message, connection);
    const counts = this.#count.admit(key, isAgain);
    if (counts === undefined) return;
    this.#waiting.push({ delivery, connection, receivedAtMs: Date.now(), key, isAgain, counts });
    this.#handling ??= this.#handleAll();
    this.#lockWatch.check();
  }

  /** The connection is lost: the hub delivers again what is not settled. */
  dropWaiting(): void {
    for (const { key, counts, isAgain } of this.#waiting.take()) {
      if (counts && isAgain) this.#count.onUnsettled(key);
      else if (counts) this.#count.onDropped();
    }
    this.#returns.drop();
    this.#warnings.reset();
  }

  /** A running command may end first, and its message is settled. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#lockWatch.stop();
    this.#returns.hold();
    if (this.#handling === undefined) return;
    await waitAtMost(this.#options.handler.longestMs + WRITE_GRACE_MS, this.#handling);
  }

  /** Whether `returnAll` has something to do. */
  get hasReturns(): boolean {
    return !this.#returns.isEmpty;
  }

  /** Returns what was abandoned to the queue. Call once receiving has stopped. */
  async returnAll(): Promise<void> {
    await this.#returns.returnAll();
  }

  async #handleAll(): Promise<void> {
    try {
      await nextTurn();
      while (!this.#isStopped) {
        const [next] = this.#waiting.take(1);
        if (next === undefined) break;
        await this.#handle(next);
      }
    } catch (error) {
      this.#isStopped = true;
      this.#finished.reject(error);
    }
    this.#handling = undefined;
  }

  async #handle(one: Handling): Promise<void> {
    const { delivery, connection, receivedAtMs, key, isAgain } = one;
    const { message } = delivery;
    // Its settlement may have failed since this one arrived.
    one.counts ||= this.#count.admit(key, isAgain) === true;
    if (this.#done.has(message, connection)) {
      await this.#settle(one, "complete");
    } else {
      this.#running = { receivedAtMs, startedAtMs: Date.now() };
      const { settlement, failures } = await this.#run(one);
      this.#running = undefined;
      if (settlement === undefined) throw new ExecStop();
      if (settlement !== "abandon") {
        await this.#settle(one, settlement);
      } else {
        const lockedMs = receivedAtMs + this.#options.lockTimeoutMs() * LOCK_SHARE - Date.now();
        await this.#returns.add(delivery, failures, lockedMs);
        if (one.counts) this.#count.onSettled();
      }
    }
    if (!this.#count.isReached) return;
    this.#isStopped = true;
    this.#finished.resolve();
  }

  async #run({ delivery, connection, receivedAtMs, key }: Handling): Promise<Handled> {
    const { handler, bodies, sink, deviceId } = this.#options;
    const { reporter, flags } = this.#context;
    const { message } = delivery;
    const isDuplicate = this.#seen.mark(message, connection);
    this.#n += 1;
    const received: Arrival = { n: this.#n, receivedAtMs, deviceId, isDuplicate };
    const file = await bodies?.save(message, received);
    const arrival: Arrival = { ...received, ...(file !== undefined && { file }) };
    const handled = await handler.handle(toMessageRecord(message, arrival), message.body, key);
    const { settlement, exitCode } = handled;
    if (settlement === "complete") this.#done.mark(message, connection);
    if (flags.output === "json") {
      if (sink.isTTY) reporter.hideProgress();
      await sink.write(formatJsonLine(toMessageRecord(message, { ...arrival, exitCode })));
    }
    warnOfMalformed(message, reporter);
    return handled;
  }

  async #settle(
    { delivery, key, counts }: Handling,
    settlement: "complete" | "reject",
  ): Promise<void> {
    try {
      await delivery.settle(settlement);
      if (counts) this.#count.onSettled();
    } catch (error) {
      if (counts) this.#count.onUnsettled(key);
      this.#warnings.report(error, settlement);
    }
  }

  #oldest(): Locked | undefined {
    const running = this.#running;
    const sinceMs = running?.receivedAtMs ?? this.#waiting.oldest?.receivedAtMs;
    if (sinceMs === undefined) return undefined;
    const isPrompt = running !== undefined && running.startedAtMs - sinceMs < PROMPT_MS;
    return { sinceMs, isAlone: isPrompt && this.#waiting.every(({ isAgain }) => isAgain) };
  }
}
