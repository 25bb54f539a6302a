/** Topic subscriptions of persistent MQTT sessions. */

import type { GuardedStore } from "../store/guard-store.ts";
import { type Subscriptions, subscriptionRecords } from "../store/records.ts";
import type { Registry } from "./identity-registry.ts";

export class SubscriptionStore {
  readonly #store: GuardedStore;
  readonly #byDevice: Map<string, Subscriptions>;

  constructor(
    store: GuardedStore,
    registry: Registry,
    subscriptions: ReadonlyMap<string, Subscriptions>,
  ) {
    this.#store = store;
    registry.onDelete((deviceId) => {
      this.#byDevice.delete(deviceId);
      return [subscriptionRecords.remove(deviceId)];
    });
    this.#byDevice = new Map(subscriptions);
  }

  find(deviceId: string): Subscriptions | undefined {
    return this.#byDevice.get(deviceId);
  }

  async keep(deviceId: string, subscriptions: Subscriptions): Promise<void> {
    this.#byDevice.set(deviceId, subscriptions);
    await this.#store.write(() => [subscriptionRecords.put(deviceId, subscriptions)]);
  }

  async forget(deviceId: string): Promise<void> {
    if (!this.#byDevice.delete(deviceId)) return;
    await this.#store.write(() => [subscriptionRecords.remove(deviceId)]);
  }
}
