import type { DeviceIdentity } from "../../../core/device-identity.ts";
import type { PageServices } from "../page-services.ts";
import type { DeviceView } from "../page-types.ts";
import { obstacleOf } from "./obstacles.ts";

/** In one update; the others follow with the next ones. Of devices that were only active, fewer. */
const MAX_CHANGED = 100;
const MAX_ACTIVE = 20;

type DeviceServices = Pick<
  PageServices,
  "activity" | "clock" | "cloudToDevice" | "connections" | "registry"
>;

/** Which devices have changed since the page was last told. */
export class DeviceChanges {
  readonly #services: DeviceServices;
  /** In the order of their first change. */
  readonly #changed = new Set<string>();
  /** Nothing but the time of their last activity: under load, of many devices many times a second. */
  readonly #active = new Set<string>();
  readonly #deleted = new Set<string>();

  constructor(services: DeviceServices) {
    this.#services = services;
  }

  change(deviceId: string): void {
    this.#changed.add(deviceId);
  }

  activate(deviceId: string): void {
    this.#active.add(deviceId);
  }

  delete(deviceId: string): void {
    this.#changed.delete(deviceId);
    this.#active.delete(deviceId);
    this.#deleted.add(deviceId);
  }

  /** After `takeChanged`: those that are left for the next update. */
  get hasMore(): boolean {
    return this.#changed.size > 0 || this.#active.size > 0;
  }

  list(): DeviceView[] {
    const { registry } = this.#services;
    return registry.list().map((device) => toDeviceView(device, this.#services));
  }

  takeChanged(): DeviceView[] {
    const changed = take(this.#changed, MAX_CHANGED);
    for (const deviceId of changed) this.#active.delete(deviceId);
    const ids = [...changed, ...take(this.#active, MAX_ACTIVE)];
    return ids.flatMap((deviceId) => {
      const device = this.#services.registry.find(deviceId);
      return device ? [toDeviceView(device, this.#services)] : [];
    });
  }

  /** Without those that exist again. */
  takeDeleted(): string[] {
    const deleted = [...this.#deleted].filter((id) => !this.#services.registry.find(id));
    this.#deleted.clear();
    return deleted;
  }
}

function take(ids: Set<string>, count: number): string[] {
  const taken: string[] = [];
  for (const id of ids) {
    if (taken.length === count) break;
    ids.delete(id);
    taken.push(id);
  }
  return taken;
}

function toDeviceView(device: DeviceIdentity, services: DeviceServices): DeviceView {
  const { deviceId, status, authentication } = device;
  const { activity, clock, cloudToDevice, connections } = services;
  const { connectionStateUpdatedTimeMs, lastActivityTimeMs } = activity.find(deviceId);
  const { size, locked } = cloudToDevice.queueOf(deviceId);
  const protocol = connections.protocolOf(deviceId);
  const obstacle = obstacleOf(device, services);
  const sinceMs = connectionStateUpdatedTimeMs ?? clock.nowMs();
  return {
    deviceId,
    isEnabled: status === "enabled",
    authentication: authentication.type,
    ...(protocol && { connection: { protocol, sinceMs } }),
    ...(lastActivityTimeMs !== undefined && { lastActivityMs: lastActivityTimeMs }),
    ...(obstacle && { obstacle }),
    waiting: size,
    locked: locked?.size ?? 0,
  };
}
