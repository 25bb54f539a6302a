/** What the page knows of the hub: pure. */

import type {
  Changes,
  DeviceView,
  HubView,
  MessageView,
  RatePoint,
  Sample,
  Snapshot,
  TelemetryView,
} from "../../hub/page/page-types.ts";

/** How much of the last second is shown. */
interface TimedSample extends Sample {
  readonly timeMs: number;
}

export interface PageState {
  readonly hub: HubView;
  /** The hub's clock minus this computer's. */
  readonly clockOffsetMs: number;
  /** By id. */
  readonly devices: readonly DeviceView[];
  /** The newest first. */
  readonly messages: readonly MessageView[];
  /** The newest first. */
  readonly events: readonly TelemetryView[];
  /** The oldest first. */
  readonly rates: readonly RatePoint[];
  readonly sampledMessages: readonly TimedSample[];
  readonly sampledEvents: readonly TimedSample[];
}

/** Of the plot. */
export const RATE_SECONDS = 300;

const SECOND_MS = 1000;

export function fromSnapshot(snapshot: Snapshot, nowMs: number): PageState {
  return {
    ...snapshot,
    devices: sortById(snapshot.devices),
    clockOffsetMs: snapshot.hub.nowMs - nowMs,
    sampledMessages: [],
    sampledEvents: [],
  };
}

export function withChanges(state: PageState, changes: Changes, nowMs: number): PageState {
  return {
    ...state,
    devices: mergeDevices(state.devices, changes),
    messages: mergeNewest(state.messages, changes.messages, state.hub.kept),
    events: mergeNewest(state.events, changes.events, state.hub.kept),
    rates: mergeRates(state.rates, changes.rates),
    sampledMessages: addSample(state.sampledMessages, changes.sampledMessages, nowMs),
    sampledEvents: addSample(state.sampledEvents, changes.sampledEvents, nowMs),
  };
}

/** Of the last second; nothing if everything was shown. */
export function sumSamples(samples: readonly TimedSample[], nowMs: number): Sample | undefined {
  const recent = samples.filter(({ timeMs }) => nowMs - timeMs < SECOND_MS);
  if (recent.length === 0) return undefined;
  return recent.reduce((sum, { shown, total }) => ({
    timeMs: nowMs,
    shown: sum.shown + shown,
    total: sum.total + total,
  }));
}

function addSample(
  samples: readonly TimedSample[],
  added: Sample | undefined,
  nowMs: number,
): readonly TimedSample[] {
  if (!added) return samples;
  return [
    ...samples.filter(({ timeMs }) => nowMs - timeMs < SECOND_MS),
    { ...added, timeMs: nowMs },
  ];
}

function mergeNewest<Row extends { readonly key: string }>(
  rows: readonly Row[],
  changed: readonly Row[] | undefined,
  kept: number,
): readonly Row[] {
  if (!changed?.length) return rows;
  const byKey = new Map(changed.map((row) => [row.key, row]));
  const updated = rows.map((row) => {
    const change = byKey.get(row.key);
    byKey.delete(row.key);
    return change ?? row;
  });
  return [...byKey.values(), ...updated].slice(0, kept);
}

function mergeDevices(
  devices: readonly DeviceView[],
  { devices: changed = [], deletedDevices = [] }: Changes,
): readonly DeviceView[] {
  if (changed.length === 0 && deletedDevices.length === 0) return devices;
  const byId = new Map(devices.map((device) => [device.deviceId, device]));
  const countBefore = byId.size;
  for (const deviceId of deletedDevices) byId.delete(deviceId);
  for (const device of changed) byId.set(device.deviceId, device);
  const merged = [...byId.values()];
  // A changed device keeps its place.
  return deletedDevices.length === 0 && byId.size === countBefore ? merged : sortById(merged);
}

function sortById(devices: readonly DeviceView[]): readonly DeviceView[] {
  const { compare } = new Intl.Collator("en", { numeric: true });
  return devices.toSorted((a, b) => compare(a.deviceId, b.deviceId));
}

function mergeRates(
  rates: readonly RatePoint[],
  added: readonly RatePoint[] | undefined,
): readonly RatePoint[] {
  if (!added?.length) return rates;
  const byTime = new Map([...rates, ...added].map((point) => [point.timeMs, point]));
  return [...byTime.values()].sort((a, b) => a.timeMs - b.timeMs).slice(-RATE_SECONDS);
}
