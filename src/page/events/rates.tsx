import { useEffect, useRef, useState } from "preact/hooks";
import { formatCount } from "../shared/format.ts";
import { DARK, useMedia } from "../shared/media.ts";
import { useHub } from "../state/hub-context.ts";
import { RATE_SECONDS } from "../state/page-state.ts";
import { drawRates } from "./rate-chart.ts";
import { rateSeries } from "./rate-series.ts";

/** Messages per second, both ways, of the last minutes. */
export function Rates() {
  const { rates, nowMs } = useHub();
  const isDark = useMedia(DARK);
  const element = useRef<HTMLDivElement>(null);
  const chart = useRef<ReturnType<typeof drawRates>>(undefined);
  const [index, setIndex] = useState<number>();
  const series = rateSeries(rates, nowMs, RATE_SECONDS);

  useEffect(() => {
    const { current } = element;
    if (!current) return;
    const drawn = drawRates(current, series, setIndex);
    chart.current = drawn;
    const observer = new ResizeObserver(drawn.resize);
    observer.observe(current);
    return () => {
      observer.disconnect();
      drawn.remove();
    };
  }, [isDark]);
  useEffect(() => chart.current?.update(series));

  const shown = index ?? lastKnown(series[1]);
  const toDevices = series[1][shown];
  const fromDevices = series[2][shown];
  return (
    <section class="rates" aria-labelledby="rates-title">
      <header class="rates-head">
        <h2 id="rates-title">
          Messages per second <span class="faint">last 5 minutes</span>
        </h2>
        <p class="legend">
          <span class="to-devices">
            To devices <b>{inWords(toDevices)}</b>
          </span>
          <span class="from-devices">
            From devices <b>{inWords(fromDevices)}</b>
          </span>
        </p>
      </header>
      <div
        class="plot"
        ref={element}
        role="img"
        aria-label={`Plot of messages per second, last 5 minutes: ${inWords(toDevices)} to devices and ${inWords(fromDevices)} from devices in the last second`}
      />
    </section>
  );
}

function lastKnown(values: readonly (number | null)[]): number {
  return values.findLastIndex((value) => value !== null);
}

function inWords(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : formatCount(value);
}
