/** What the page makes of what the hub tells it. */

import { expect, test } from "vitest";
import type { DeviceView, MessageView, Snapshot } from "../../src/hub/page/page-types.ts";
import { OBSTACLES } from "../../src/hub/page/watch/obstacles.ts";
import { rateSeries } from "../../src/page/events/rate-series.ts";
import { matcher } from "../../src/page/list/matching.ts";
import { rowAfterKey, visibleRows } from "../../src/page/list/visible-rows.ts";
import { fromSnapshot, sumSamples, withChanges } from "../../src/page/state/page-state.ts";
import { parseRoute, routeHash } from "../../src/page/state/route-hash.ts";

const NOW = 1_700_000_000_000;

function device(deviceId: string, waiting = 0): DeviceView {
  return { deviceId, isEnabled: true, authentication: "sas", waiting, locked: 0 };
}

function message(key: string, label = "Enqueued"): MessageView {
  return {
    key,
    deviceId: "device1",
    sequenceNumber: 1,
    state: { kind: "enqueued", label },
    steps: [],
  };
}

function snapshot(parts: Partial<Snapshot> = {}): Snapshot {
  return {
    hub: {
      version: "1",
      hostName: "localhost",
      startedMs: NOW,
      nowMs: NOW + 5000,
      queueDepth: 50,
      obstacles: OBSTACLES,
      commandFlag: "--local",
      kept: 3,
    },
    devices: [],
    messages: [],
    events: [],
    rates: [],
    ...parts,
  };
}

const keysOf = (rows: readonly { key: string }[]): string[] => rows.map(({ key }) => key);

test("a snapshot replaces everything, with devices by id and the hub's clock", () => {
  const state = fromSnapshot(
    snapshot({ devices: ["d10", "d9", "a"].map((id) => device(id)) }),
    NOW,
  );
  expect(state.devices.map(({ deviceId }) => deviceId)).toEqual(["a", "d9", "d10"]);
  expect(state.clockOffsetMs).toBe(5000);
});

test("new messages come first, changed ones keep their place, and no more than the hub's number is kept", () => {
  const before = fromSnapshot(snapshot({ messages: [message("2"), message("1")] }), NOW);
  const changes = { messages: [message("4"), message("3"), message("1", "Completed")] };
  const { messages } = withChanges(before, changes, NOW);
  expect(keysOf(messages)).toEqual(["4", "3", "2"]);
  const { messages: both } = withChanges(before, { messages: [message("1", "Completed")] }, NOW);
  expect(both.map(({ key, state }) => [key, state.label])).toEqual([
    ["2", "Enqueued"],
    ["1", "Completed"],
  ]);
});

test("devices come, change and go", () => {
  const before = fromSnapshot(snapshot({ devices: [device("a"), device("c")] }), NOW);
  const after = withChanges(
    before,
    { devices: [device("b"), device("c", 2)], deletedDevices: ["a"] },
    NOW,
  );
  expect(after.devices).toEqual([device("b"), device("c", 2)]);
});

test("what was left out is summed over a second", () => {
  const start = fromSnapshot(snapshot(), NOW);
  const sampled = { sampledMessages: { shown: 12, total: 400 } };
  const first = withChanges(start, sampled, NOW);
  const second = withChanges(first, sampled, NOW + 500);
  expect(sumSamples(second.sampledMessages, NOW + 600)).toMatchObject({ shown: 24, total: 800 });
  expect(sumSamples(second.sampledMessages, NOW + 1200)).toMatchObject({ shown: 12, total: 400 });
  expect(sumSamples(second.sampledMessages, NOW + 2000)).toBeUndefined();
});

test("seconds that nobody counted are gaps in the plot", () => {
  const point = (timeMs: number) => ({ timeMs, cloudToDevice: 1, deviceToCloud: 2 });
  const series = rateSeries([point(NOW - 3000), point(NOW - 1000)], NOW, 4);
  expect(series[1]).toEqual([null, 1, null, 1]);
  expect(series[2]).toEqual([null, 2, null, 2]);
  expect(series[0].at(-1)).toBe(NOW / 1000 - 1);
});

test("a known device means that device alone, anything else a part of an id", () => {
  const rows = ["device1", "device10"].map((deviceId) => ({ deviceId, preview: "Hot" }));
  const among = (filter: Parameters<typeof matcher>[0]) =>
    rows.filter(matcher(filter, (id) => id === "device1")).map(({ deviceId }) => deviceId);
  expect(among({ device: "device1" })).toEqual(["device1"]);
  expect(among({ device: "device" })).toEqual(["device1", "device10"]);
  expect(among({ text: "hoT" })).toEqual(["device1", "device10"]);
  expect(among({ text: "cold" })).toEqual([]);
});

test("only rows in view are in the document, and keys move within the list", () => {
  const view = { scrollTop: 4000, height: 400, rowHeight: 40, count: 1000 };
  expect(visibleRows(view)).toEqual({ start: 92, end: 118 });
  expect(visibleRows({ ...view, count: 0 })).toEqual({ start: 0, end: 0 });
  expect(rowAfterKey("ArrowUp", 0, 10, 5)).toBe(0);
  expect(rowAfterKey("PageDown", 7, 10, 5)).toBe(9);
  expect(rowAfterKey("a", 7, 10, 5)).toBeUndefined();
  expect(rowAfterKey("End", 0, 0, 5)).toBeUndefined();
});

test("a view and its filters survive the address, whatever they hold", () => {
  const route = { view: "messages", parameters: { device: "a&b=#?%", text: "ü \u202e" } } as const;
  expect(parseRoute(routeHash(route))).toEqual(route);
  expect(parseRoute("#/nowhere")).toEqual({ view: "messages", parameters: {} });
  expect(routeHash({ view: "send", parameters: { device: "" } })).toBe("#/send");
});
