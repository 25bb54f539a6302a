/** A service's connection for one run, which can be reopened when it is lost. */

import { BackOff } from "../../async/back-off.ts";
import type { Clock } from "../../async/clock.ts";
import { Deadline } from "../../async/deadline.ts";
import { createDeferred, type Deferred } from "../../async/deferred.ts";
import { untilAborted } from "../../async/until-aborted.ts";
import { reconnect } from "../../client/connection/reconnect.ts";
import { ClientError } from "../../client/errors/client-error.ts";
import { isNeverSent } from "../../client/errors/outcome-unknown-error.ts";
import { connectService } from "../../client/service/connect-service.ts";
import type { FeedbackBatch, ServiceConnection } from "../../client/service/service-connection.ts";
import type { ServiceConfig } from "../../config/service-config.ts";
import type { Message } from "../../core/message.ts";
import type { Context } from "../program/run-program.ts";
import { escapeLine } from "../terminal/escape.ts";
import { formatRetry } from "../text/retry-text.ts";
import { createFollower, describeHub, resolveServiceTarget } from "./connect-target.ts";
import { whileConnecting } from "./connecting.ts";
import type { HubFollower } from "./hub-follower.ts";

export interface RunConnectionOptions {
  readonly config: Pick<ServiceConfig, "hub" | "transport" | "ca">;
  /** Created on the local hub if missing. */
  readonly deviceIds: readonly string[];
  readonly connectTimeoutMs: number;
  /** How long to reconnect, as text: `until --timeout`. */
  readonly retriesUntil: string;
  /** Limit for each loss of the connection; default and 0: none. */
  readonly retriesForMs?: number;
  readonly onFeedback: ((batch: FeedbackBatch) => void) | undefined;
  /** Default: `connectService`. */
  readonly connect?: typeof connectService;
  /** Default: the system clock. */
  readonly clock?: Clock;
}

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;

export class RunConnection {
  readonly #options: RunConnectionOptions;
  readonly #context: Context;
  readonly #follower: HubFollower | undefined;
  #connection: ServiceConnection | undefined;
  #lost: Deferred<ClientError> = createDeferred();
  /** The open connection; pending while it is being reopened. */
  #ready: Deferred<ServiceConnection> = createDeferred();
  #isReady = false;
  #isOver = false;

  constructor(options: RunConnectionOptions, context: Context) {
    this.#options = options;
    this.#context = context;
    this.#follower = createFollower(options.config.hub, context);
  }

  /**
   * Attaches the feedback link before anything is sent, so that no record is missed.
   *
   * @throws ClientError, LocalHubError
   */
  async open(signal = this.#context.interruption.signal): Promise<ServiceConnection> {
    return await this.#open(signal, true);
  }

  /**
   * Reopens the connection whenever it is lost, until `signal` aborts: the hub keeps the records.
   *
   * @throws ClientError of `FINAL_ERRORS`, or of the loss once `retriesForMs` have passed;
   * LocalHubError.
   */
  async keepOpen(signal: AbortSignal): Promise<void> {
    const { reporter } = this.#context;
    const { retriesUntil, onFeedback } = this.#options;
    const next = onFeedback ? "The hub keeps the feedback; reconnecting" : "Reconnecting";
    for (;;) {
      const error = await untilAborted(this.#lost.promise, signal);
      if (error === undefined) return;
      reporter.warn(`${escapeLine(error.message)} ${next} ${retriesUntil}.`);
      await this.close();
      const connection = await this.#reopen(signal);
      if (signal.aborted) return;
      if (connection === undefined) throw error;
      reporter.info(onFeedback ? "Reconnected, still waiting for feedback." : "Reconnected.");
    }
  }

  /**
   * Sends over the connection that is open, or once it has been reopened: nothing is sent twice.
   *
   * @throws ClientError by the hub's name for its refusal, or ConnectionLost.
   */
  async send(deviceId: string, message: Message): Promise<void> {
    for (;;) {
      const ready = this.#ready;
      const connection = await ready.promise;
      try {
        return await connection.send(deviceId, message);
      } catch (error) {
        if (ready === this.#ready || !isNeverSent(error)) throw error;
      }
    }
  }

  /** Messages that wait for a connection are not sent. */
  stopWaiting(): void {
    this.#isOver = true;
    this.#ready.reject(new ClientError("ConnectionLost", "The connection was not reopened."));
  }

  async close(): Promise<void> {
    await this.#connection?.close();
    this.#connection = undefined;
  }

  #onLost(): void {
    if (!this.#isReady || this.#isOver) return;
    this.#isReady = false;
    this.#ready = createDeferred();
  }

  /** Undefined once `signal` has aborted, or the time has passed. */
  async #reopen(signal: AbortSignal): Promise<ServiceConnection | undefined> {
    const { retriesForMs, clock } = this.#options;
    const tooLate = new AbortController();
    const deadline = new Deadline(() => tooLate.abort());
    deadline.start(retriesForMs);
    const either = AbortSignal.any([signal, tooLate.signal]);
    try {
      return await reconnect(0, () => this.#open(either, false), {
        signal: either,
        backOff: new BackOff({ firstMs: FIRST_RETRY_MS, maxMs: MAX_RETRY_MS }),
        watch: this.#follower,
        clock,
        onFailed: (failure, retryInMs) =>
          this.#context.reporter.detail(formatRetry(failure, retryInMs)),
      });
    } finally {
      deadline.cancel();
    }
  }

  async #open(signal: AbortSignal, isFirst: boolean): Promise<ServiceConnection> {
    const { config, deviceIds, connectTimeoutMs, onFeedback } = this.#options;
    const { hub, transport, ca } = config;
    const { connect: connectTo = connectService } = this.#options;
    const targetOptions = { ca, connectTimeoutMs, signal, follower: this.#follower };
    const target = await resolveServiceTarget(hub, deviceIds, targetOptions, this.#context);
    const { hostName } = target.connectionString;
    if (isFirst) this.#context.reporter.info(describeHub(hostName, hub));
    const lost = createDeferred<ClientError>();
    let isLost = false;
    const connect = () =>
      connectTo({
        signIn: target.connectionString,
        transport,
        connectTimeoutMs,
        signal,
        ca: target.ca,
        onDisconnect: (error) => {
          isLost = true;
          this.#onLost();
          lost.resolve(error);
        },
      });
    const connection = isFirst
      ? await whileConnecting(hostName, this.#context, connect)
      : await connect();
    this.#connection = connection;
    this.#lost = lost;
    try {
      if (onFeedback) await connection.openFeedback(onFeedback);
      this.#isReady = !isLost;
      if (!isLost) this.#ready.resolve(connection);
      return connection;
    } catch (error) {
      await this.close();
      throw error;
    }
  }
}
