/** The telemetry a device leaves behind, for when its connection ends without a word (rule mqtt-will). */

import type { Telemetry } from "../../core/message.ts";
import type { DeviceToCloud, TelemetrySender } from "../model/device-to-cloud.ts";

export class LastWill {
  readonly #deviceToCloud: DeviceToCloud;
  #will: { readonly sender: TelemetrySender; readonly telemetry: Telemetry } | undefined;

  constructor(deviceToCloud: DeviceToCloud) {
    this.#deviceToCloud = deviceToCloud;
  }

  leave(sender: TelemetrySender, telemetry: Telemetry): void {
    this.#will = { sender, telemetry };
  }

  /** The device has taken its leave. */
  forget(): void {
    this.#will = undefined;
  }

  /** Once. */
  send(): void {
    if (this.#will === undefined) return;
    const { sender, telemetry } = this.#will;
    this.#will = undefined;
    // Nobody is left to be told that a will is too large, or of a device that has gone.
    this.#deviceToCloud.receive(sender, [telemetry]).catch(() => {});
  }
}
