/** Which device is connected where: one connection a device, the newest wins. */

import type { HubEventStream, Protocol } from "./events.ts";

export interface DeviceConnectionHandle {
  /** Says that the connection is gone. */
  release(reason: string): void;
}

interface Holder {
  readonly protocol: Protocol;
  close(reason: string): void;
}

export class DeviceConnections {
  readonly #events: HubEventStream;
  readonly #holders = new Map<string, Holder>();

  constructor(events: HubEventStream) {
    this.#events = events;
  }

  /** Takes the device's place for a connection; `close` of the connection that had it is called. */
  claim(deviceId: string, holder: Holder): DeviceConnectionHandle {
    this.#holders.get(deviceId)?.close("another connection of the same device took its place");
    this.#holders.set(deviceId, holder);
    this.#events.emit({ type: "deviceConnected", deviceId, protocol: holder.protocol });
    let isReleased = false;
    return {
      release: (reason) => {
        if (isReleased) return;
        isReleased = true;
        if (this.#holders.get(deviceId) === holder) this.#holders.delete(deviceId);
        const { protocol } = holder;
        this.#events.emit({ type: "deviceDisconnected", deviceId, protocol, reason });
      },
    };
  }

  isConnected(deviceId: string): boolean {
    return this.#holders.has(deviceId);
  }
}
