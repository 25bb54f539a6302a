/** A device counts as connected while it has an open link on the connection. */

import type { HubError } from "../../../core/hub-error.ts";
import type { DeviceConnectionHandle, DeviceConnections } from "../../model/device-connections.ts";

type CloseLink = (error: HubError) => void;

interface ConnectedDevice {
  readonly connection: DeviceConnectionHandle;
  readonly links: Set<CloseLink>;
}

export class DeviceLinks {
  readonly #connections: DeviceConnections;
  readonly #devices = new Map<string, ConnectedDevice>();

  constructor(connections: DeviceConnections) {
    this.#connections = connections;
  }

  /** `closeLink` is called when the hub wants the device gone. */
  open(deviceId: string, closeLink: CloseLink): { close(): void } {
    const device = this.#devices.get(deviceId) ?? this.#claim(deviceId);
    device.links.add(closeLink);
    return {
      close: () => {
        device.links.delete(closeLink);
        if (device.links.size === 0)
          this.#release(deviceId, device, "the device's links are closed");
      },
    };
  }

  #claim(deviceId: string): ConnectedDevice {
    const links = new Set<CloseLink>();
    const connection = this.#connections.claim(deviceId, {
      protocol: "amqp",
      close: (error) => {
        for (const closeLink of links) closeLink(error);
        this.#release(deviceId, device, error.message);
      },
    });
    const device = { connection, links };
    this.#devices.set(deviceId, device);
    return device;
  }

  #release(deviceId: string, device: ConnectedDevice, reason: string): void {
    if (this.#devices.get(deviceId) === device) this.#devices.delete(deviceId);
    device.connection.release(reason);
  }
}
