/** The plot, in the colors of the page. */

import uPlot from "uplot";
import type { RateSeries } from "./rate-series.ts";

const FONT = "12px system-ui, sans-serif";

interface Chart {
  update(series: RateSeries): void;
  resize(): void;
  remove(): void;
}

/** @param onPoint The index that the pointer is at. */
export function drawRates(
  element: HTMLElement,
  series: RateSeries,
  onPoint: (index: number | undefined) => void,
): Chart {
  const styles = getComputedStyle(element);
  const color = (name: string): string => styles.getPropertyValue(name).trim();
  const axis = {
    stroke: color("--muted"),
    font: FONT,
    ticks: { show: false },
    grid: { stroke: color("--line"), width: 1 },
  };
  const line = (name: string, dash: number[]) => ({
    stroke: color(name),
    width: 1.75,
    dash,
    points: { size: 3 },
  });
  const plot = new uPlot(
    {
      width: element.clientWidth,
      height: element.clientHeight,
      padding: [8, 28, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      scales: { y: { range: (_plot, _min, max) => [0, Math.max(4, Math.ceil((max ?? 0) * 1.1))] } },
      axes: [
        {
          ...axis,
          size: 28,
          grid: { show: false },
          space: (_plot, _axis, _min, _max, width) => (width < 600 ? 50 : 90),
          values: (_plot, times, _axis, _space, step) => times.map((time) => toClock(time, step)),
        },
        { ...axis, size: 48, space: 32, values: (_plot, values) => values.map(toWhole) },
      ],
      series: [{}, line("--to-devices", []), line("--from-devices", [5, 3])],
      hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? undefined)] },
    },
    series,
    element,
  );
  return {
    update: (data) => plot.setData(data),
    resize: () => plot.setSize({ width: element.clientWidth, height: element.clientHeight }),
    remove: () => plot.destroy(),
  };
}

function toClock(seconds: number, step: number): string {
  const time = new Date(seconds * 1000);
  const parts = [time.getHours(), time.getMinutes()];
  if (step % 60 !== 0) parts.push(time.getSeconds());
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

function toWhole(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString("en") : "";
}
