import type { ComponentChildren } from "preact";
import { Icon } from "../shared/icons.tsx";
import { visibleLine } from "../shared/visible-text.ts";

/** More would only slow the browser. */
const MOST_SUGGESTIONS = 100;

interface TextProperties {
  readonly value: string;
  onChange(value: string): void;
}

export function TextFilter({ value, onChange }: TextProperties) {
  return (
    <label class="search">
      <Icon name="search" />
      <span class="hidden">Filter by text</span>
      <input
        type="search"
        placeholder="Filter by text"
        value={value}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    </label>
  );
}

interface DeviceProperties extends TextProperties {
  readonly devices: readonly string[];
}

export function DeviceFilter({ value, devices, onChange }: DeviceProperties) {
  return (
    <label>
      <span class="hidden">Filter by device</span>
      <input
        list="known-devices"
        class="mono"
        placeholder="All devices"
        autocomplete="off"
        spellcheck={false}
        value={value}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      <DeviceOptions id="known-devices" devices={devices} typed={value} />
    </label>
  );
}

interface OptionsProperties {
  readonly id: string;
  readonly devices: readonly string[];
  readonly typed: string;
}

export function DeviceOptions({ id, devices, typed }: OptionsProperties) {
  const matching = devices.filter((deviceId) => deviceId.includes(typed));
  return (
    <datalist id={id}>
      {matching.slice(0, MOST_SUGGESTIONS).map((deviceId) => (
        <option key={deviceId} value={deviceId} />
      ))}
    </datalist>
  );
}

interface ChoiceProperties extends TextProperties {
  readonly label: string;
  readonly all: string;
  readonly counts: ReadonlyMap<string, number>;
}

export function ChoiceFilter({ label, all, counts, value, onChange }: ChoiceProperties) {
  return (
    <label>
      <span class="hidden">{label}</span>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">{all}</option>
        {[...counts].map(([name, count]) => (
          <option key={name} value={name}>
            {visibleLine(name)} ({count})
          </option>
        ))}
      </select>
    </label>
  );
}

interface BarProperties {
  readonly children: ComponentChildren;
  /** What the list shows: "12 of 340 messages". */
  readonly summary: ComponentChildren;
}

export function FilterBar({ children, summary }: BarProperties) {
  return (
    <search class="filters">
      {children}
      <p class="summary">{summary}</p>
    </search>
  );
}
