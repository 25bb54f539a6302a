/** The identity registry: devices and their keys. */

import { randomBytes } from "node:crypto";
import { type DeviceIdentity, validateDeviceId } from "../core/device-identity.ts";
import { HubError } from "../core/hub-error.ts";
import type { Clock } from "./clock.ts";
import { putDevice } from "./store/records.ts";
import type { Store } from "./store/store.ts";

export interface RegistryOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly devices: ReadonlyMap<string, DeviceIdentity>;
}

export class Registry {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #devices: Map<string, DeviceIdentity>;
  #lastGeneration = 0n;

  constructor({ store, clock, devices }: RegistryOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#devices = new Map(devices);
  }

  find(deviceId: string): DeviceIdentity | undefined {
    return this.#devices.get(deviceId);
  }

  /** @throws HubError DeviceNotFound */
  get(deviceId: string): DeviceIdentity {
    const device = this.find(deviceId);
    if (device === undefined)
      throw new HubError("DeviceNotFound", `The hub has no device '${deviceId}'.`);
    return device;
  }

  /**
   * Creates a device with random keys; resolves once it is durable.
   *
   * @throws HubError ArgumentInvalid for an id that is not allowed, DeviceAlreadyExists.
   */
  async create(deviceId: string): Promise<DeviceIdentity> {
    validateDeviceId(deviceId);
    if (this.#devices.has(deviceId)) {
      throw new HubError("DeviceAlreadyExists", `The hub has a device '${deviceId}' already.`);
    }
    const device: DeviceIdentity = {
      deviceId,
      generationId: this.#nextGeneration(),
      etag: createEtag(),
      status: "enabled",
      authentication: { type: "sas", primaryKey: createKey(), secondaryKey: createKey() },
    };
    this.#devices.set(deviceId, device);
    await this.#store.write([putDevice(device)]);
    return device;
  }

  /** The device of this id, created if it is missing. */
  async ensure(deviceId: string): Promise<DeviceIdentity> {
    return this.find(deviceId) ?? (await this.create(deviceId));
  }

  /** As on Azure: an 18-digit count of 100 ns ticks, here since the epoch, never the same twice. */
  #nextGeneration(): string {
    const ticks = BigInt(this.#clock.nowMs()) * 10_000n;
    this.#lastGeneration = ticks > this.#lastGeneration ? ticks : this.#lastGeneration + 1n;
    return this.#lastGeneration.toString().padStart(18, "0");
  }
}

/** 32 random bytes in base64: 44 characters, as Azure's keys have. */
export function createKey(): string {
  return randomBytes(32).toString("base64");
}

function createEtag(): string {
  return randomBytes(6).toString("base64");
}
