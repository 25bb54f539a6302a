/** One per device, the newest wins (rule one-connection). */

import { HubError } from "../../core/hub-error.ts";
import type { HubEventStream, Protocol } from "./events.ts";

export interface DeviceConnectionHandle {
  release(reason: string): void;
}

export interface DeviceConnection {
  readonly protocol: Protocol;
  close(error: HubError): void;
}

export class DeviceConnections {
  readonly #events: HubEventStream;
  readonly #current = new Map<string, DeviceConnection>();

  constructor(events: HubEventStream) {
    this.#events = events;
  }

  /** Closes the previous connection. */
  claim(deviceId: string, connection: DeviceConnection): DeviceConnectionHandle {
    const { protocol } = connection;
    const previous = this.#current.get(deviceId);
    previous?.close(
      new HubError(
        "ConnectionForcefullyClosedOnNewConnection",
        "Another connection of the same device replaced it.",
      ),
    );
    this.#current.set(deviceId, connection);
    this.#events.emit({ type: "deviceConnected", deviceId, protocol });
    let isReleased = false;
    return {
      release: (reason) => {
        if (isReleased) return;
        isReleased = true;
        if (this.#current.get(deviceId) === connection) this.#current.delete(deviceId);
        this.#events.emit({ type: "deviceDisconnected", deviceId, protocol, reason });
      },
    };
  }

  disconnect(deviceId: string, error: HubError): void {
    this.#current.get(deviceId)?.close(error);
  }

  isConnected(deviceId: string): boolean {
    return this.#current.has(deviceId);
  }

  protocolOf(deviceId: string): Protocol | undefined {
    return this.#current.get(deviceId)?.protocol;
  }

  get count(): number {
    return this.#current.size;
  }
}
