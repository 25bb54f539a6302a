import type { ComponentChildren } from "preact";
import { formatCount } from "../shared/format.ts";
import { useHub } from "../state/hub-context.ts";

/** A rate that old is no longer one of now. */
const RATE_AGE_MS = 3000;

/** At a glance. */
export function Numbers() {
  const { devices, rates, nowMs } = useHub();
  const connected = devices.filter(({ connection }) => connection).length;
  const waiting = devices.reduce((sum, device) => sum + device.waiting, 0);
  const last = rates.at(-1);
  const rate = last && nowMs - last.timeMs < RATE_AGE_MS ? last : undefined;
  return (
    <section aria-label="At a glance">
      <dl class="numbers">
        <Figure label="connected">
          {formatCount(connected)}
          <span class="of"> of {formatCount(devices.length)}</span>
        </Figure>
        <Figure label="waiting">{formatCount(waiting)}</Figure>
        <Figure label="to devices">
          {formatCount(rate?.cloudToDevice ?? 0)}
          <span class="of"> /s</span>
        </Figure>
        <Figure label="from devices">
          {formatCount(rate?.deviceToCloud ?? 0)}
          <span class="of"> /s</span>
        </Figure>
      </dl>
    </section>
  );
}

interface Properties {
  readonly label: string;
  readonly children: ComponentChildren;
}

function Figure({ label, children }: Properties) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
