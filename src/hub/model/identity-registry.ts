import { randomBytes } from "node:crypto";
import type { Clock } from "../../async/clock.ts";
import {
  createIdentity,
  type DeviceIdentity,
  type DeviceRequest,
  type FreshValues,
  hasNewCredentials,
  requireMatch,
  updateIdentity,
} from "../../core/device-identity.ts";
import { HubError } from "../../core/hub-error.ts";
import type { GuardedStore } from "../store/guard-store.ts";
import { deviceRecords } from "../store/records.ts";
import type { StoreChange } from "../store/store.ts";
import type { DeviceConnections } from "./device-connections.ts";

interface RegistryOptions {
  readonly store: GuardedStore;
  readonly clock: Clock;
  readonly connections: DeviceConnections;
  readonly devices: ReadonlyMap<string, DeviceIdentity>;
}

/** Changes resolve once they are durable. */
export class Registry {
  readonly #options: RegistryOptions;
  readonly #devices: Map<string, DeviceIdentity>;
  readonly #onDelete: ((deviceId: string) => readonly StoreChange[])[] = [];
  readonly #onDeleted: ((deviceId: string) => void)[] = [];
  readonly #onKept: ((deviceId: string) => void)[] = [];
  #lastGeneration = 0n;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#devices = new Map(options.devices);
  }

  /** `forget` returns further changes to write together with a device's deletion. */
  onDelete(forget: (deviceId: string) => readonly StoreChange[]): void {
    this.#onDelete.push(forget);
  }

  /** Called once the deletion is durable, after the device's last event. */
  onDeleted(forget: (deviceId: string) => void): void {
    this.#onDeleted.push(forget);
  }

  /** Called once a new or changed device is durable. */
  onKept(notice: (deviceId: string) => void): void {
    this.#onKept.push(notice);
  }

  find(deviceId: string): DeviceIdentity | undefined {
    return this.#devices.get(deviceId);
  }

  /** @throws HubError DeviceNotFound */
  get(deviceId: string): DeviceIdentity {
    const device = this.find(deviceId);
    if (device !== undefined) return device;
    throw new HubError("DeviceNotFound", `The hub has no device '${deviceId}'.`);
  }

  /** In order of their ids. */
  list(): DeviceIdentity[] {
    return [...this.#devices.values()].sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1));
  }

  /** @throws HubError ArgumentInvalid, DeviceAlreadyExists (rule registry-create). */
  async create(deviceId: string, request: DeviceRequest = {}): Promise<DeviceIdentity> {
    const device = createIdentity(deviceId, request, this.#freshValues());
    if (this.#devices.has(deviceId)) {
      throw new HubError("DeviceAlreadyExists", `The hub already has a device '${deviceId}'.`);
    }
    return this.#keep(device);
  }

  async ensure(deviceId: string): Promise<DeviceIdentity> {
    const found = this.find(deviceId);
    if (found === undefined) return this.create(deviceId);
    await this.#options.store.durable();
    return found;
  }

  /** @throws HubError PreconditionFailed, also if missing (rule registry-update); ArgumentInvalid. */
  async update(deviceId: string, request: DeviceRequest, ifMatch: string): Promise<DeviceIdentity> {
    const current = this.find(deviceId);
    if (current === undefined) {
      throw new HubError("PreconditionFailed", `The hub has no device '${deviceId}' to update.`);
    }
    requireMatch(ifMatch, current.etag);
    const updated = updateIdentity(current, request, this.#freshValues());
    const kept = this.#keep(updated);
    if (updated.status === "disabled") this.#disconnect(deviceId, "The device is disabled.");
    else if (hasNewCredentials(current, updated)) {
      this.#disconnect(deviceId, "The device's credentials have changed.");
    }
    return kept;
  }

  /** @throws HubError DeviceNotFound, PreconditionFailed (rule registry-delete). */
  async delete(deviceId: string, ifMatch: string): Promise<void> {
    requireMatch(ifMatch, this.get(deviceId).etag);
    const { store } = this.#options;
    this.#devices.delete(deviceId);
    const belongings = this.#onDelete.flatMap((forget) => forget(deviceId));
    const durable = store.write(() => [deviceRecords.remove(deviceId), ...belongings]);
    this.#disconnect(deviceId, "The device was deleted.");
    store.onceDurable(() => {
      for (const forget of this.#onDeleted) forget(deviceId);
    });
    await durable;
  }

  async #keep(device: DeviceIdentity): Promise<DeviceIdentity> {
    const { deviceId } = device;
    const { store } = this.#options;
    this.#devices.set(deviceId, device);
    const durable = store.write(() => [deviceRecords.put(deviceId, device)]);
    store.onceDurable(() => {
      for (const notice of this.#onKept) notice(deviceId);
    });
    await durable;
    return device;
  }

  #disconnect(deviceId: string, message: string): void {
    this.#options.connections.disconnect(deviceId, new HubError("IotHubUnauthorized", message));
  }

  #freshValues(): FreshValues {
    return {
      generationId: this.#nextGeneration(),
      etag: randomBytes(6).toString("base64"),
      createKey,
      nowMs: this.#options.clock.nowMs(),
    };
  }

  /** As on Azure: an 18-digit count of 100 ns ticks, here since the epoch, and unique. */
  #nextGeneration(): string {
    const ticks = BigInt(this.#options.clock.nowMs()) * 10_000n;
    this.#lastGeneration = ticks > this.#lastGeneration ? ticks : this.#lastGeneration + 1n;
    return this.#lastGeneration.toString().padStart(18, "0");
  }
}

/** 32 random bytes in base64: 44 characters, as Azure's keys have. */
export function createKey(): string {
  return randomBytes(32).toString("base64");
}
