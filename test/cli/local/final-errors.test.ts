/** Every reconnecting loop ends on the same errors, and continues after all others. */

import { describe, expect, test } from "vitest";
import { createDeferred } from "../../../src/async/deferred.ts";
import { RunConnection } from "../../../src/cli/local/run-connection.ts";
import type { Context } from "../../../src/cli/program/run-program.ts";
import { keepConnected } from "../../../src/client/device/keep-connected.ts";
import { TelemetrySender } from "../../../src/client/device/telemetry-sender.ts";
import { ClientError, type ClientErrorName } from "../../../src/client/errors/client-error.ts";
import { runEventListener } from "../../../src/client/events/event-listener.ts";
import type { ServiceConnection } from "../../../src/client/service/service-connection.ts";
import { parseHubConnectionString } from "../../../src/core/connection-string.ts";
import { atRest, TestClock } from "../../support/test-clock.ts";

/** Every error name; the compiler checks that none is missing. */
const IS_FINAL: Readonly<Record<ClientErrorName, boolean>> = {
  ArgumentInvalid: true,
  ConfigurationError: true,
  CredentialUnavailable: true,
  PackageMissing: true,
  ProxyAuthenticationRequired: true,
  DeviceNotFound: true,
  IncompatiblePackage: true,
  IotHubUnauthorized: true,
  MessagingEntityNotFound: true,
  UntrustedCertificate: true,
  ConnectionForcefullyClosedOnNewConnection: false,
  ConnectionLost: false,
  ConnectionRefused: false,
  ConnectTimeout: false,
  DeviceAlreadyExists: false,
  DeviceConnectionClosedRemotely: false,
  DeviceMaximumQueueDepthExceeded: false,
  DeviceMessageLockLost: false,
  HostNotFound: false,
  IotHubQuotaExceeded: false,
  LinkCreationConflict: false,
  MessageTooLarge: false,
  PreconditionFailed: false,
  ProxyRefused: false,
  ServerError: false,
  ServiceUnavailable: false,
  Throttling: false,
  TlsFailure: false,
};

/** A loop that was connected, lost its connection, and then gets `error` once. */
type Loop = (error: ClientError, clock: TestClock) => Promise<void>;

/** The first connection works, the second attempt fails, the third one stays. */
class Attempts<T> {
  readonly #error: ClientError;
  readonly #connection: T;
  count = 0;
  lose = (_error: ClientError): void => {};

  constructor(error: ClientError, connection: T) {
    this.#error = error;
    this.#connection = connection;
  }

  readonly connect = ({
    onDisconnect,
  }: {
    onDisconnect: (error: ClientError) => void;
  }): Promise<T> => {
    this.count += 1;
    this.lose = onDisconnect;
    return this.count === 2 ? Promise.reject(this.#error) : Promise.resolve(this.#connection);
  };
}

const LOST = new ClientError("ConnectionLost", "lost");

/** Rejects like the loop; resolves once the loop has reconnected after the error. */
async function outcome(
  loop: Promise<void>,
  attempts: Attempts<unknown>,
  clock: TestClock,
): Promise<void> {
  const failed = createDeferred<never>();
  loop.catch(failed.reject);
  failed.promise.catch(() => {});
  await atRest();
  attempts.lose(LOST);
  await clock.pass(60_000);
  if (attempts.count < 3) await failed.promise;
}

const devices: Loop = async (error, clock) => {
  const end = new AbortController();
  const close = async () => {};
  const attempts = new Attempts(error, {
    keepsOrder: true,
    sendEvent: close,
    stopReceiving: close,
    close,
  });
  const loop = keepConnected({
    connect: attempts.connect,
    signal: end.signal,
    reconnect: true,
    onEvent: () => {},
    clock,
  });
  await outcome(loop, attempts, clock).finally(() => end.abort());
};

const events: Loop = async (error, clock) => {
  const end = new AbortController();
  const attempts = new Attempts(error, { partitionIds: [], close: async () => {} });
  const loop = runEventListener({
    start: { type: "latest" } as never,
    connect: attempts.connect,
    signal: end.signal,
    onRead: async () => {},
    onEvent: () => {},
    clock,
  });
  await outcome(loop, attempts, clock).finally(() => end.abort());
};

const feedback: Loop = async (error, clock) => {
  const end = new AbortController();
  const quiet = { info() {}, warn() {}, detail() {}, progress() {}, endProgress() {} };
  const context = { reporter: quiet } as unknown as Context;
  const connectionString = parseHubConnectionString(
    "HostName=h;SharedAccessKeyName=service;SharedAccessKey=a2V5",
  );
  const attempts = new Attempts(error, {
    openFeedback: async () => {},
    close: async () => {},
  } as unknown as ServiceConnection);
  const run = new RunConnection(
    {
      config: { hub: { type: "remote", connectionString, from: "test" }, transport: "amqp" },
      deviceIds: [],
      connectTimeoutMs: 1000,
      retriesUntil: "for as long as it takes",
      onFeedback: () => {},
      connect: attempts.connect,
      clock,
    },
    context,
  );
  await run.open(end.signal);
  await outcome(run.keepOpen(end.signal), attempts, clock).finally(() => end.abort());
};

/** Here a message gets the error, over a working connection. */
const telemetry: Loop = async (error, clock) => {
  let count = 0;
  const sender = new TelemetrySender({
    make: () => ({ system: {}, properties: {}, body: Buffer.alloc(0) }),
    count: undefined,
    intervalMs: 1000,
    messageTimeoutMs: 0,
    onEvent: () => {},
    clock,
  });
  const connection = {
    keepsOrder: true,
    sendEvent: () => {
      count += 1;
      return count === 1 ? Promise.reject(error) : Promise.resolve();
    },
  };
  const failed = createDeferred<never>();
  failed.promise.catch(() => {});
  sender.run().catch(failed.reject);
  sender.connected(connection);
  await atRest();
  // As the connection's loop does after a loss.
  sender.connected(connection);
  await clock.pass(60_000);
  const hasFailed = await Promise.race([failed.promise.catch(() => true), atRest()]);
  await sender.end(0);
  if (hasFailed) await failed.promise;
  expect(count).toBeGreaterThan(1);
};

describe.each<readonly [string, Loop]>([
  ["a device's connection", devices],
  ["telemetry's messages", telemetry],
  ["the reading of events", events],
  ["the wait for feedback", feedback],
])("%s", (_name, loop) => {
  test.each(Object.entries(IS_FINAL) as [ClientErrorName, boolean][])(
    "%s is final: %s",
    async (name, isFinal) => {
      // An invalid field concerns only the message.
      const endsLoop = isFinal && !(loop === telemetry && name === "ArgumentInvalid");
      const running = loop(new ClientError(name, name), new TestClock());
      if (endsLoop) await expect(running).rejects.toMatchObject({ name });
      else await running;
    },
  );
});
