import { setImmediate as nextTurn } from "node:timers/promises";
import { sleep, systemClock } from "../../async/clock.ts";
import { createDeferred } from "../../async/deferred.ts";
import { formatDeviceConnectionString } from "../../core/connection-string.ts";
import type { Message } from "../../core/message.ts";
import type { Settlement } from "../../core/message-queue.ts";
import type {
  DeliverySettlement,
  DeviceConnection,
  DeviceConnectOptions,
} from "../connection/device-connection.ts";
import { probe } from "../connection/probe.ts";
import type { ClientError } from "../errors/client-error.ts";
import { refusalByAnswer } from "../refusals/http-refusal.ts";
import {
  createHttpDeviceClient,
  type HttpArrival,
  type HttpDeviceClient,
} from "../sdk/device/http-device-client.ts";
import { DeviceSession } from "./device-session.ts";
import { toReceivedMessage } from "./http-delivery.ts";

/** After an empty response. Azure asks for 25 minutes in production. */
const POLL_INTERVAL_MS = 1000;

const ANSWER_TIMEOUT_MS = 30_000;

type OnDelivery = NonNullable<DeviceConnectOptions["onDelivery"]>;

/** @throws ClientError, as `connectDevice` says. */
export async function connectHttp(options: DeviceConnectOptions): Promise<DeviceConnection> {
  const session = new HttpSession(options);
  await session.open();
  return session;
}

/**
 * A device that does not receive connects with a TLS handshake only: a request would lock a
 * message. A fetched message stays locked even when this process is gone, so the next waits for its
 * settlement.
 */
class HttpSession extends DeviceSession {
  override readonly keepsOrder = false;
  readonly #client: HttpDeviceClient;
  readonly #stop = new AbortController();
  #polling: Promise<void> | undefined;
  #stopWaiting = (): void => {};

  constructor(options: DeviceConnectOptions) {
    super(options);
    this.#client = createHttpDeviceClient({
      connectionString: formatDeviceConnectionString(options.connectionString),
      endpoint: this.endpoint,
      ca: this.ca,
      certificate: options.certificate,
      answerTimeoutMs: ANSWER_TIMEOUT_MS,
      lockTimeoutSeconds: options.lockTimeoutSeconds,
    });
  }

  protected override async connect(): Promise<void> {
    const { onDelivery, connectTimeoutMs } = this.options;
    await this.#client.open();
    if (onDelivery) {
      const first = await this.#client.receive();
      this.#polling = this.#poll(first, onDelivery).catch((error: unknown) => this.lose(error));
    } else {
      const fault = await probe(this.endpoint, this.ca, performance.now() + connectTimeoutMs);
      if (fault) throw fault;
    }
  }

  protected override async transmit(message: Message): Promise<void> {
    await this.#client.sendEvent(message);
  }

  protected override async endReceiving(): Promise<void> {
    this.#stop.abort();
    this.#stopWaiting();
    await this.#polling;
  }

  protected override async disconnect(): Promise<void> {
    await this.#client.close();
  }

  protected override destroy(): void {
    this.#stop.abort();
    this.#client.destroy();
  }

  protected override toRefusal(cause: unknown): ClientError | undefined {
    return refusalByAnswer(cause, this.options.connectionString.credential);
  }

  get #isStopped(): boolean {
    return this.isClosed || this.#stop.signal.aborted;
  }

  async #poll(first: HttpArrival | undefined, onDelivery: OnDelivery): Promise<void> {
    const { pollIntervalMs = POLL_INTERVAL_MS } = this.options;
    let arrival = first;
    while (!this.#isStopped) {
      if (arrival) await this.#deliver(arrival, onDelivery);
      else await sleep(systemClock, pollIntervalMs, this.#stop.signal);
      // A caller that closes once this message is settled does so before the next one is locked.
      await nextTurn();
      if (this.#isStopped) return;
      arrival = await this.#client.receive();
    }
    if (arrival && !this.isClosed) await this.#settle(arrival, "abandon");
  }

  async #deliver(arrival: HttpArrival, onDelivery: OnDelivery): Promise<void> {
    const done = createDeferred<void>();
    this.#stopWaiting = done.resolve;
    let isSettled = false;
    let isLeft = false;
    const settle = async (settlement: DeliverySettlement): Promise<void> => {
      if (isSettled) return;
      if (settlement === "none") {
        isLeft = true;
        return done.resolve();
      }
      isSettled = true;
      await this.#settle(arrival, settlement).finally(() => done.resolve());
    };
    onDelivery({ message: toReceivedMessage(arrival.answer), settle });
    await done.promise;
    // After the device stopped receiving, this message would stay locked for everyone else.
    if (!isLeft) await settle("abandon");
  }

  async #settle(arrival: HttpArrival, settlement: Settlement): Promise<void> {
    if (this.isClosed) throw this.toLoss(undefined);
    try {
      await this.#client.settle(arrival, settlement);
    } catch (error) {
      const refusal = this.toLoss(error);
      if (refusal.name !== "DeviceMessageLockLost") this.lose(error);
      throw refusal;
    }
  }
}
