import type { DeviceIdentity } from "../../../core/device-identity.ts";
import type { PageServices } from "../page-services.ts";
import type { DeviceView } from "../page-types.ts";

/** In one update; the others follow with the next ones. */
const MAX_VIEWS = 200;

type DeviceServices = Pick<
  PageServices,
  "activity" | "clock" | "cloudToDevice" | "connections" | "registry"
>;

/** Which devices have changed since the page was last told. */
export class DeviceChanges {
  readonly #services: DeviceServices;
  /** In the order of their first change. */
  readonly #changed = new Set<string>();
  readonly #deleted = new Set<string>();

  constructor(services: DeviceServices) {
    this.#services = services;
  }

  change(deviceId: string): void {
    this.#changed.add(deviceId);
  }

  delete(deviceId: string): void {
    this.#changed.delete(deviceId);
    this.#deleted.add(deviceId);
  }

  list(): DeviceView[] {
    const { registry } = this.#services;
    return registry.list().map((device) => toDeviceView(device, this.#services));
  }

  takeChanged(): DeviceView[] {
    const views: DeviceView[] = [];
    for (const deviceId of this.#changed) {
      if (views.length === MAX_VIEWS) break;
      this.#changed.delete(deviceId);
      const device = this.#services.registry.find(deviceId);
      if (device) views.push(toDeviceView(device, this.#services));
    }
    return views;
  }

  /** Without those that exist again. */
  takeDeleted(): string[] {
    const deleted = [...this.#deleted].filter((id) => !this.#services.registry.find(id));
    this.#deleted.clear();
    return deleted;
  }
}

function toDeviceView(
  { deviceId, status, authentication }: DeviceIdentity,
  { activity, clock, cloudToDevice, connections }: DeviceServices,
): DeviceView {
  const { connectionStateUpdatedTimeMs, lastActivityTimeMs } = activity.find(deviceId);
  const { size, locked } = cloudToDevice.queueOf(deviceId);
  const protocol = connections.protocolOf(deviceId);
  const sinceMs = connectionStateUpdatedTimeMs ?? clock.nowMs();
  return {
    deviceId,
    isEnabled: status === "enabled",
    authentication: authentication.type,
    ...(protocol && { connection: { protocol, sinceMs } }),
    ...(lastActivityTimeMs !== undefined && { lastActivityMs: lastActivityTimeMs }),
    waiting: size,
    locked: locked?.size ?? 0,
  };
}
