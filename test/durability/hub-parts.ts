import { ManualClock } from "../../src/async/clock.ts";
import { HubError } from "../../src/core/hub-error.ts";
import { type CloudToDeviceSettings, LOG_LIMITS } from "../../src/core/limits.ts";
import type { Ack, Message } from "../../src/core/message.ts";
import type { Settlement } from "../../src/core/message-queue.ts";
import type { CloudToDevice, MessageDelivery } from "../../src/hub/model/cloud-to-device.ts";
import type { FeedbackDelivery, FeedbackSubscription } from "../../src/hub/model/feedback-queue.ts";
import type { Registry } from "../../src/hub/model/identity-registry.ts";
import type { Subscription } from "../../src/hub/model/subscription.ts";
import { createServices, type HubServices } from "../../src/hub/services.ts";
import type { Store } from "../../src/hub/store/store.ts";

export const DEVICE = "device1";

/** The hub's parts in one process on a store, without a network. */
export class HubParts {
  readonly clock: ManualClock;
  readonly cloudToDevice: CloudToDevice;
  readonly registry: Registry;
  /** Delivered to the device and not settled yet, oldest first. */
  readonly held: MessageDelivery[] = [];
  readonly heldBatches: FeedbackDelivery[] = [];
  readonly #services: HubServices;
  #device: Subscription | undefined;
  #reader: FeedbackSubscription | undefined;

  private constructor(services: HubServices, clock: ManualClock) {
    this.#services = services;
    this.clock = clock;
    this.cloudToDevice = services.cloudToDevice;
    this.registry = services.registry;
  }

  static async open(
    store: Store,
    settings: CloudToDeviceSettings,
    nowMs: number,
  ): Promise<HubParts> {
    const clock = new ManualClock(nowMs);
    const services = await createServices({
      store,
      clock,
      settings,
      logLimits: LOG_LIMITS,
      hostNames: ["localhost"],
      policies: [],
      deviceAuthorities: [],
      consumerGroups: [],
      onStoreFailure: () => {},
    });
    return new HubParts(services, clock);
  }

  send(messageId: string, ack: Ack, expiryTimeUtcMs?: number): Promise<void> {
    return this.cloudToDevice.send(DEVICE, createMessage(messageId, ack, expiryTimeUtcMs));
  }

  /** Connects the device, which receives all messages. */
  connect(): void {
    this.held.length = 0;
    this.#device = this.cloudToDevice.subscribe(DEVICE, {
      hasCredit: () => true,
      deliver: (delivery) => this.held.push(delivery),
      onReplaced: () => {},
      onLockEnded: () => {},
    });
  }

  disconnect(): void {
    this.held.length = 0;
    this.#device?.close();
    this.#device = undefined;
  }

  get isConnected(): boolean {
    return this.#device !== undefined;
  }

  /** The device polls once. */
  take(): void {
    const delivery = this.cloudToDevice.take(DEVICE);
    if (delivery !== undefined) this.held.push(delivery);
  }

  settle(index: number, settlement: Settlement): Promise<void> {
    const [delivery] = this.held.splice(index, 1);
    return this.cloudToDevice.settle(DEVICE, delivery?.lockToken ?? "", settlement);
  }

  attachReader(): void {
    const reader = this.#services.feedback.subscribe({
      hasCredit: () => true,
      deliver: (delivery) => this.heldBatches.push(delivery),
      onLockEnded: () => {},
    });
    this.#reader = reader;
    reader.wake();
  }

  get isReading(): boolean {
    return this.#reader !== undefined;
  }

  detachReader(): void {
    this.heldBatches.length = 0;
    this.#reader?.close();
    this.#reader = undefined;
  }

  async settleBatch(index: number, settlement: Settlement): Promise<void> {
    const [batch] = this.heldBatches.splice(index, 1);
    await this.#reader?.settle(batch?.lockToken ?? "", settlement);
  }

  /** Like the end of the process: stops all timers. */
  abandon(): void {
    this.#services.scheduler.stop();
  }
}

/** The state of a promise: pending, done, or the error's name. */
export class Outcome {
  state: string = "pending";

  constructor(promise: Promise<unknown>) {
    promise.then(
      () => {
        this.state = "done";
      },
      (error: unknown) => {
        this.state = error instanceof HubError ? error.name : String(error);
      },
    );
  }
}

function createMessage(messageId: string, ack: Ack, expiryTimeUtcMs?: number): Message {
  return {
    system: { messageId, ack, ...(expiryTimeUtcMs !== undefined && { expiryTimeUtcMs }) },
    properties: {},
    body: Buffer.from(messageId),
  };
}
