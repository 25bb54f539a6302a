/** One point a second, with gaps where nothing is known: pure. */

import type { RatePoint } from "../../hub/page/page-types.ts";

/** Seconds since the epoch, to devices, from devices. */
export type RateSeries = [number[], (number | null)[], (number | null)[]];

const SECOND_MS = 1000;

export function rateSeries(
  rates: readonly RatePoint[],
  nowMs: number,
  seconds: number,
): RateSeries {
  const bySecond = new Map(rates.map((point) => [Math.floor(point.timeMs / SECOND_MS), point]));
  // The current second is not over.
  const end = Math.floor(nowMs / SECOND_MS);
  const times = Array.from({ length: seconds }, (_, index) => end - seconds + index);
  return [
    times,
    times.map((time) => bySecond.get(time)?.cloudToDevice ?? null),
    times.map((time) => bySecond.get(time)?.deviceToCloud ?? null),
  ];
}
