/** A service's connection for one run, reopened if it is lost while waiting for feedback. */

import { BackOff } from "../../async/back-off.ts";
import type { Clock } from "../../async/clock.ts";
import { createDeferred, type Deferred } from "../../async/deferred.ts";
import { untilAborted } from "../../async/until-aborted.ts";
import { reconnect } from "../../client/connection/reconnect.ts";
import type { ClientError } from "../../client/errors/client-error.ts";
import { connectService } from "../../client/service/connect-service.ts";
import type { FeedbackBatch, ServiceConnection } from "../../client/service/service-connection.ts";
import type { ServiceConfig } from "../../config/service-config.ts";
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
   * @throws ClientError of `FINAL_ERRORS`, LocalHubError.
   */
  async keepOpen(signal: AbortSignal): Promise<void> {
    const { reporter } = this.#context;
    const { retriesUntil, clock } = this.#options;
    for (;;) {
      const error = await untilAborted(this.#lost.promise, signal);
      if (error === undefined) return;
      reporter.warn(
        `${escapeLine(error.message)} The hub keeps the feedback; reconnecting ${retriesUntil}.`,
      );
      await this.close();
      const connection = await reconnect(0, () => this.#open(signal, false), {
        signal,
        backOff: new BackOff({ firstMs: FIRST_RETRY_MS, maxMs: MAX_RETRY_MS }),
        watch: this.#follower,
        clock,
        onFailed: (failure, retryInMs) => reporter.detail(formatRetry(failure, retryInMs)),
      });
      if (connection === undefined || signal.aborted) return;
      reporter.info("Reconnected, still waiting for feedback.");
    }
  }

  async close(): Promise<void> {
    await this.#connection?.close();
    this.#connection = undefined;
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
    const connect = () =>
      connectTo({
        signIn: target.connectionString,
        transport,
        connectTimeoutMs,
        signal,
        ca: target.ca,
        onDisconnect: lost.resolve,
      });
    const connection = isFirst
      ? await whileConnecting(hostName, this.#context, connect)
      : await connect();
    this.#connection = connection;
    this.#lost = lost;
    try {
      if (onFeedback) await connection.openFeedback(onFeedback);
      return connection;
    } catch (error) {
      await this.close();
      throw error;
    }
  }
}
