import type { Message } from "../../../core/message.ts";
import type { HubEvent } from "../../model/events.ts";
import type { TelemetryView } from "../page-types.ts";
import { previewOf } from "./preview.ts";

/** The last events, and which of them the page has not been told. */
export class TelemetryList {
  readonly #kept: number;
  /** The oldest first; it may grow to twice what is kept. */
  #views: TelemetryView[] = [];
  #added = 0;

  constructor(kept: number) {
    this.#kept = kept;
  }

  add(
    event: Extract<HubEvent, { type: "telemetry" }>,
    timeMs: number,
    number: number,
    message: Message | undefined,
  ): void {
    const { deviceId, messageId, partitionId, sequenceNumber } = event;
    const preview = message && previewOf(message.body);
    this.#views.push({
      key: String(number),
      deviceId,
      ...(messageId !== undefined && { messageId }),
      timeMs,
      partitionId,
      sequenceNumber,
      ...(preview !== undefined && { preview }),
      ...(message && { bytes: message.body.length }),
    });
    this.#added = Math.min(this.#added + 1, this.#kept);
    if (this.#views.length > 2 * this.#kept) this.#views = this.#views.slice(-this.#kept);
  }

  /** The newest first. */
  list(): TelemetryView[] {
    return this.#views.slice(-this.#kept).reverse();
  }

  /** Since the last call, the newest first. */
  takeAdded(): TelemetryView[] {
    const added = this.#added === 0 ? [] : this.#views.slice(-this.#added).reverse();
    this.#added = 0;
    return added;
  }
}
