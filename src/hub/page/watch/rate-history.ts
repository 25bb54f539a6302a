import type { EventRing } from "../../model/event-ring.ts";
import type { HubEvent } from "../../model/events.ts";
import type { RatePoint } from "../page-types.ts";

const SECOND_MS = 1000;

/** Five minutes. */
const MAX_POINTS = 300;

/** Messages that arrived at the hub, second by second of its clock. */
export class RateHistory {
  readonly #points: RatePoint[] = [];
  #current: { timeMs: number; cloudToDevice: number; deviceToCloud: number };
  #added: RatePoint[] = [];

  /** As far back as the ring reaches; a second that it has in part is left out. */
  constructor(ring: EventRing, nowMs: number) {
    const firstMs = Math.max(
      secondOf(ring.startedMs),
      secondOf(ring.lastDiscardedMs) + SECOND_MS,
      secondOf(nowMs) - MAX_POINTS * SECOND_MS,
    );
    this.#current = startOf(firstMs);
    ring.scan((type, timeMs) => {
      if (timeMs >= firstMs) this.count(type, timeMs);
    });
    this.advance(nowMs);
    this.#added = [];
  }

  /** The oldest first, without the second that is not over. */
  get points(): readonly RatePoint[] {
    return this.#points;
  }

  count(type: HubEvent["type"] | undefined, timeMs: number): void {
    if (type !== "telemetry" && type !== "enqueued") return;
    if (timeMs >= this.#current.timeMs + SECOND_MS) this.advance(timeMs);
    if (type === "telemetry") this.#current.deviceToCloud += 1;
    else this.#current.cloudToDevice += 1;
  }

  advance(nowMs: number): void {
    const second = secondOf(nowMs);
    // After a longer pause, only the last points are of interest.
    const oldestMs = second - MAX_POINTS * SECOND_MS;
    while (this.#current.timeMs < second) {
      this.#added.push(this.#current);
      this.#points.push(this.#current);
      this.#current = startOf(Math.max(this.#current.timeMs + SECOND_MS, oldestMs));
    }
    this.#points.splice(0, this.#points.length - MAX_POINTS);
  }

  /** The points added since the last call. */
  take(): readonly RatePoint[] {
    const added = this.#added.slice(-MAX_POINTS);
    this.#added = [];
    return added;
  }
}

function startOf(timeMs: number) {
  return { timeMs, cloudToDevice: 0, deviceToCloud: 0 };
}

function secondOf(timeMs: number): number {
  return Math.floor(timeMs / SECOND_MS) * SECOND_MS;
}
