import { formatDeviceConnectionString } from "../../core/connection-string.ts";
import type { Message } from "../../core/message.ts";
import type { Settlement } from "../../core/message-queue.ts";
import type {
  Delivery,
  DeliverySettlement,
  DeviceConnection,
  DeviceConnectOptions,
  ReceivedMessage,
} from "../connection/device-connection.ts";
import { SettlementOrder } from "../connection/settlement-order.ts";
import { serverNameOf, uriOf } from "../endpoint.ts";
import { ClientError } from "../errors/client-error.ts";
import { toDeviceRefusal } from "../refusals/device-refusal.ts";
import {
  type AmqpArrival,
  type AmqpDeviceClient,
  createAmqpDeviceClient,
} from "../sdk/device/amqp-device-client.ts";
import { toReceivedMessage } from "./amqp-delivery.ts";
import { DeviceSession } from "./device-session.ts";
import { LockedDeliveries } from "./locked-deliveries.ts";

/** @throws ClientError, as `connectDevice` says. */
export async function connectAmqp(options: DeviceConnectOptions): Promise<DeviceConnection> {
  const session = new AmqpSession(options);
  await session.open();
  return session;
}

class AmqpSession extends DeviceSession {
  readonly #client: AmqpDeviceClient;
  readonly #settlements = new SettlementOrder();
  readonly #locked = new LockedDeliveries();

  constructor(options: DeviceConnectOptions) {
    super(options);
    this.#client = createAmqpDeviceClient({
      connectionString: formatDeviceConnectionString(options.connectionString),
      uri: uriOf(this.endpoint, options.transport),
      ca: this.ca,
      agent: this.agent,
      certificate: options.certificate,
      serverName: serverNameOf(this.endpoint),
      idleTimeoutMs: options.keepAliveSeconds * 1000,
      isOneAtATime: options.isOneAtATime === true,
      onLost: (error) => this.lose(error),
      onMessage: (arrival) => this.#onMessage(arrival),
    });
  }

  protected override async connect(): Promise<void> {
    await this.#client.open();
    if (this.options.onDelivery) await this.#client.subscribe();
    if (this.options.isSending) await this.#client.attachEvents();
  }

  protected override async transmit(message: Message): Promise<void> {
    await this.#client.sendEvent(message);
  }

  protected override async endReceiving(): Promise<void> {
    await this.#client.drainCredit();
  }

  protected override async disconnect(): Promise<void> {
    await this.#settlements.settled();
    await this.#client.close();
  }

  protected override destroy(): void {
    this.#client.destroy();
  }

  protected override toRefusal(cause: unknown): ClientError | undefined {
    return toDeviceRefusal(cause, this.options.connectionString.credential);
  }

  #onMessage(arrival: AmqpArrival): void {
    if (this.isClosed) return;
    const message = toReceivedMessage(arrival.message);
    this.#locked.endFor(message);
    const delivery = { message, settle: this.#settler(arrival, message) };
    this.options.onDelivery?.(delivery);
  }

  #settler(arrival: AmqpArrival, message: ReceivedMessage): Delivery["settle"] {
    let state: "new" | "locked" | "settled" = "new";
    const settle = async (settlement: DeliverySettlement): Promise<void> => {
      if (state === "settled") return;
      if (state === "new") this.#client.renewCredit();
      if (settlement === "none") {
        if (state === "new") this.#locked.add(message, () => settle("abandon").catch(() => {}));
        state = "locked";
        return;
      }
      state = "settled";
      await this.#settle(arrival, settlement);
    };
    return settle;
  }

  async #settle(arrival: AmqpArrival, settlement: Settlement): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        if (this.isClosed) return reject(new Error("The connection is closed."));
        this.#settlements.add(settlement, () =>
          this.#client.settle(arrival, settlement).then(resolve, reject),
        );
      });
    } catch (cause) {
      if (!this.isClosed && isLockLost(cause)) {
        const message =
          "The message lock expired before the message was settled; it will be redelivered.";
        throw new ClientError("DeviceMessageLockLost", message, { cause });
      }
      throw new ClientError(
        "ConnectionLost",
        "The connection closed before the message was settled; it will be redelivered.",
        { cause },
      );
    }
  }
}

function isLockLost(error: unknown): boolean {
  return error instanceof Error && error.name === "DeviceMessageLockLostError";
}
