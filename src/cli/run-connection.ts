/** A service's connection for one run; while feedback is waited for, opened anew when it is lost. */

import { setTimeout as sleep } from "node:timers/promises";
import { BackOff } from "../client/back-off.ts";
import { ClientError, type ClientErrorName } from "../client/client-error.ts";
import { connectService } from "../client/connect-service.ts";
import { createDeferred, type Deferred } from "../client/deferred.ts";
import type { FeedbackBatch, ServiceConnection } from "../client/service-connection.ts";
import type { ServiceConfig } from "../config/service-config.ts";
import { whileConnecting } from "./connecting.ts";
import { formatDuration } from "./duration.ts";
import { escapeLine } from "./escape.ts";
import { describeHub, resolveServiceTarget } from "./local/connect-target.ts";
import type { Context } from "./run-program.ts";

export interface RunConnectionOptions {
  readonly config: Pick<ServiceConfig, "hub" | "transport" | "ca">;
  /** On the local hub they are created if they are missing. */
  readonly deviceIds: readonly string[];
  readonly connectTimeoutMs: number;
  /** How long a lost connection is opened anew, for people: `until --timeout`. */
  readonly retriesUntil: string;
  /** Given when feedback is wanted. */
  readonly onFeedback: ((batch: FeedbackBatch) => void) | undefined;
}

/** Another try would end the same way. */
const FINAL: readonly ClientErrorName[] = [
  "IotHubUnauthorized",
  "CredentialUnavailable",
  "UntrustedCertificate",
];

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;

export class RunConnection {
  readonly #options: RunConnectionOptions;
  readonly #context: Context;
  #connection: ServiceConnection | undefined;
  #lost: Deferred<ClientError> = createDeferred();

  constructor(options: RunConnectionOptions, context: Context) {
    this.#options = options;
    this.#context = context;
  }

  /**
   * The feedback link is attached before anything can be sent, so that no record is missed.
   *
   * @throws ClientError, LocalHubError
   */
  async open(signal = this.#context.interruption.signal): Promise<ServiceConnection> {
    return await this.#open(signal, true);
  }

  /**
   * Opens the connection anew whenever it is lost, until `signal` aborts: the hub keeps the records.
   *
   * @throws ClientError when another try would end the same way.
   */
  async keepOpen(signal: AbortSignal): Promise<void> {
    const { reporter } = this.#context;
    const { retriesUntil } = this.#options;
    for (;;) {
      const error = await untilAborted(this.#lost.promise, signal);
      if (error === undefined) return;
      reporter.warn(
        `${escapeLine(error.message)} The hub keeps the feedback: connecting anew ${retriesUntil}.`,
      );
      await this.#close();
      await this.#reopen(signal);
      if (signal.aborted) return;
      reporter.info("Connected again, and waiting on for feedback.");
    }
  }

  async close(): Promise<void> {
    await this.#close();
  }

  async #reopen(signal: AbortSignal): Promise<void> {
    const { reporter } = this.#context;
    const backOff = new BackOff({
      firstMs: FIRST_RETRY_MS,
      maxMs: MAX_RETRY_MS,
      random: Math.random,
    });
    while (!signal.aborted) {
      try {
        await this.#open(signal, false);
        return;
      } catch (error) {
        // The connection may stand where its feedback link does not.
        await this.#close();
        if (signal.aborted) return;
        if (error instanceof ClientError && FINAL.includes(error.name)) throw error;
        const waitMs = backOff.nextMs();
        const why = error instanceof Error ? error.message : String(error);
        reporter.detail(`${why} Next attempt in ${formatDuration(waitMs)}.`);
        await sleep(waitMs, undefined, { signal }).catch(() => {});
      }
    }
  }

  async #open(signal: AbortSignal, isFirst: boolean): Promise<ServiceConnection> {
    const { config, deviceIds, connectTimeoutMs, onFeedback } = this.#options;
    const { hub, transport, ca } = config;
    const may = { mayStartHub: isFirst, mayCreateDevice: isFirst };
    const targetOptions = { ca, connectTimeoutMs, signal, ...may };
    const target = await resolveServiceTarget(hub, deviceIds, targetOptions, this.#context);
    const { hostName } = target.connectionString;
    if (isFirst) this.#context.reporter.info(describeHub(hostName, hub));
    const lost = createDeferred<ClientError>();
    const connect = () =>
      connectService({
        signIn: target.connectionString,
        transport,
        connectTimeoutMs,
        signal,
        ...(target.ca !== undefined && { ca: target.ca }),
        onDisconnect: lost.resolve,
      });
    const connection = isFirst
      ? await whileConnecting(hostName, this.#context, connect)
      : await connect();
    this.#connection = connection;
    this.#lost = lost;
    if (onFeedback) await connection.openFeedback(onFeedback);
    return connection;
  }

  async #close(): Promise<void> {
    await this.#connection?.close();
    this.#connection = undefined;
  }
}

async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  let onAbort = (): void => {};
  const aborted = new Promise<undefined>((resolve) => {
    onAbort = () => resolve(undefined);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
