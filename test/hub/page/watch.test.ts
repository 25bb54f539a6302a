/** What an open page is told of devices, events and rates, under load too. */

import { describe, expect, test } from "vitest";
import { EventRing } from "../../../src/hub/model/event-ring.ts";
import { previewOf } from "../../../src/hub/page/watch/preview.ts";
import { RateHistory } from "../../../src/hub/page/watch/rate-history.ts";
import { Sampler } from "../../../src/hub/page/watch/sampler.ts";
import { TelemetryList } from "../../../src/hub/page/watch/telemetry-list.ts";
import { atRest } from "../../support/test-clock.ts";
import { createTestHub, message, type TestHub } from "../../support/test-hub.ts";
import { watchPage } from "./support.ts";

const SECOND_MS = 1000;
const MANY = 450;

const TELEMETRY = {
  type: "telemetry",
  deviceId: "d",
  partitionId: "0",
  sequenceNumber: 0,
} as const;
const ENQUEUED = { type: "enqueued", deviceId: "d", sequenceNumber: 1, expiryTimeUtc: "" } as const;

function sendTelemetry(hub: TestHub, deviceId: string, body = "t"): Promise<void> {
  return hub.deviceToCloud.receive({ deviceId, authMethod: "{}" }, [message({ body })]);
}

describe("devices", () => {
  test("show their connection, their queue and when they were last active", async () => {
    const hub = await createTestHub({ devices: ["device1"] });
    const { watch, changes } = await watchPage(hub);
    const nowMs = hub.clock.nowMs();
    const { clientEnd } = await hub.connectDevice();
    await hub.send();
    await hub.send();
    hub.clock.advance(SECOND_MS);
    hub.cloudToDevice.take("device1");
    await atRest();
    watch.update();
    const shown = {
      deviceId: "device1",
      isEnabled: true,
      authentication: "sas",
      waiting: 2,
      locked: 1,
    };
    const lastActivityMs = nowMs + SECOND_MS;
    const connection = { protocol: "mqtt", sinceMs: nowMs };
    expect(changes.at(-1).devices).toEqual([{ ...shown, connection, lastActivityMs }]);
    expect(watch.snapshot().devices).toEqual([{ ...shown, connection, lastActivityMs }]);
    clientEnd.destroy();
    await atRest();
    watch.update();
    expect(changes.at(-1).devices).toEqual([
      { ...shown, lastActivityMs, obstacle: "notConnected" },
    ]);
  });

  test("name what keeps a message from them, as the hub then answers", async () => {
    const hub = await createTestHub({ devices: ["device1"], settings: { queueDepth: 1 } });
    const { watch } = await watchPage(hub);
    const obstacle = () => {
      const [device] = watch.snapshot().devices;
      const name = device?.obstacle;
      return name && { name, ...watch.snapshot().hub.obstacles[name] };
    };
    const { clientEnd } = await hub.connectDevice();
    expect(obstacle()).toBeUndefined();
    await hub.send();
    expect(obstacle()).toMatchObject({ name: "queueFull", isRefusal: true });
    await expect(hub.send()).rejects.toThrow(/queue is full/);
    await hub.cloudToDevice.purge("device1");
    clientEnd.destroy();
    await atRest();
    expect(obstacle()).toMatchObject({ name: "notConnected", isRefusal: false });
    await hub.registry.update("device1", { status: "disabled" }, "*");
    expect(obstacle()).toMatchObject({ name: "disabled", isRefusal: true });
    await expect(hub.send()).rejects.toThrow(/no enabled device/);
  });

  test("that others create, change or delete are told", async () => {
    const hub = await createTestHub({ devices: [] });
    const { watch, changes } = await watchPage(hub);
    hub.registry.onKept((deviceId) => watch.keepDevice(deviceId));
    hub.registry.onDeleted((deviceId) => watch.deleteDevice(deviceId));
    const token = hub.policyToken("iothubowner");
    const path = "/devices/device1?api-version=2020-09-30";
    await hub.https("PUT", path, token, { body: { deviceId: "device1" } });
    watch.update();
    expect(changes.at(-1)).toMatchObject({ devices: [{ deviceId: "device1", isEnabled: true }] });
    const headers = { "if-match": "*" };
    await hub.https("PUT", path, token, {
      body: { deviceId: "device1", status: "disabled" },
      headers,
    });
    watch.update();
    expect(changes.at(-1)).toMatchObject({ devices: [{ deviceId: "device1", isEnabled: false }] });
    await hub.https("DELETE", path, token, { headers });
    watch.update();
    expect(changes.at(-1)).toEqual({ deletedDevices: ["device1"] });
  });

  test("that are deleted and created again within an update are not told to be deleted", async () => {
    const hub = await createTestHub({ devices: ["device1"] });
    const { watch, changes } = await watchPage(hub);
    watch.deleteDevice("device1");
    watch.keepDevice("device1");
    watch.update();
    expect(changes).toEqual([{ devices: [expect.objectContaining({ deviceId: "device1" })] }]);
  });

  test("are told some at a time, and none is forgotten", async () => {
    const devices = Array.from({ length: MANY }, (_, index) => `device${index}`);
    const hub = await createTestHub({ devices });
    const { watch, changes } = await watchPage(hub);
    for (const deviceId of devices) await hub.send({}, deviceId);
    for (const deviceId of devices) await sendTelemetry(hub, deviceId);
    await atRest();
    for (let update = 0; update < 50; update++) watch.update();
    const told = changes.map(({ devices = [] }) => devices.length);
    expect(Math.max(...told)).toBeLessThan(MANY / 2);
    const last = new Map(
      changes.flatMap(({ devices = [] }) => devices).map((one) => [one.deviceId, one]),
    );
    expect([...last.keys()].sort()).toEqual([...devices].sort());
    for (const one of last.values()) {
      expect(one).toMatchObject({ waiting: 1, lastActivityMs: hub.clock.nowMs() });
    }
    expect(changes.length).toBeLessThan(50);
  });
});

describe("events", () => {
  test("are told the newest first, once", async () => {
    const hub = await createTestHub();
    await sendTelemetry(hub, "device1", "before");
    await atRest();
    const { watch, changes } = await watchPage(hub);
    await sendTelemetry(hub, "device1", "first");
    await sendTelemetry(hub, "device2", "second");
    await atRest();
    watch.update();
    watch.update();
    const bodies = (events: readonly { preview?: string }[]) =>
      events.map(({ preview }) => preview);
    expect(changes.filter(({ events }) => events).map(({ events }) => bodies(events))).toEqual([
      ["second", "first"],
    ]);
    expect(bodies(watch.snapshot().events)).toEqual(["second", "first", "before"]);
    expect(watch.snapshot().events[0]).toEqual({
      key: expect.stringMatching(/^\d+$/),
      deviceId: "device2",
      timeMs: hub.clock.nowMs(),
      partitionId: expect.stringMatching(/^[0-3]$/),
      sequenceNumber: expect.any(Number),
      preview: "second",
      bytes: 6,
    });
  });

  test("are kept as many as there is room for", () => {
    const list = new TelemetryList(3);
    for (let number = 1; number <= 10; number++) list.add(TELEMETRY, 0, number, undefined);
    const keys = ["10", "9", "8"];
    expect(list.list().map(({ key }) => key)).toEqual(keys);
    expect(list.takeAdded().map(({ key }) => key)).toEqual(keys);
    expect(list.takeAdded()).toEqual([]);
    list.add(TELEMETRY, 0, 11, undefined);
    expect(list.takeAdded().map(({ key }) => key)).toEqual(["11"]);
  });
});

describe("a sampler", () => {
  const admitted = (sampler: Sampler, count: number) =>
    Array.from({ length: count }, () => sampler.admit()).filter(Boolean).length;

  test("lets a burst through, then so many a second, and counts the rest", () => {
    const sampler = new Sampler({ burst: 10, perSecond: 100 }, 0);
    expect(admitted(sampler, 12)).toBe(10);
    expect(sampler.take(0)).toEqual({ shown: 10, total: 12 });
    expect(admitted(sampler, 5)).toBe(0);
    expect(sampler.take(50)).toEqual({ shown: 0, total: 5 });
    expect(admitted(sampler, 7)).toBe(5);
    expect(sampler.take(60_000)).toEqual({ shown: 5, total: 7 });
    expect(admitted(sampler, 12)).toBe(10);
  });

  test("says nothing as long as all is shown", () => {
    const sampler = new Sampler({ burst: 10, perSecond: 100 }, 0);
    expect(admitted(sampler, 10)).toBe(10);
    expect(sampler.take(0)).toBeUndefined();
  });
});

describe("rates", () => {
  const pointsOf = ({ points }: RateHistory) =>
    points.map(({ timeMs, cloudToDevice, deviceToCloud }) => [
      timeMs,
      cloudToDevice,
      deviceToCloud,
    ]);

  test("begin with what the ring has, second by second", () => {
    const ring = new EventRing(10_500);
    ring.record(TELEMETRY, 10_600);
    ring.record(ENQUEUED, 10_999);
    ring.record({ type: "delivered", deviceId: "d", sequenceNumber: 1, deliveryCount: 0 }, 11_000);
    ring.record(TELEMETRY, 12_000);
    ring.record(TELEMETRY, 13_000);
    const rates = new RateHistory(ring, 13_100);
    expect(pointsOf(rates)).toEqual([
      [10_000, 1, 1],
      [11_000, 0, 0],
      [12_000, 0, 1],
    ]);
    expect(rates.take()).toEqual([]);
    rates.count("enqueued", 13_200);
    rates.advance(14_000);
    expect(rates.take()).toEqual([{ timeMs: 13_000, cloudToDevice: 1, deviceToCloud: 1 }]);
  });

  test("leave out what the ring no longer has", () => {
    const ring = new EventRing(0, { blocks: 2, bytes: 8192 });
    for (let timeMs = 0; timeMs < 100_000; timeMs += 100) ring.record(TELEMETRY, timeMs);
    expect(ring.firstNumber).toBeGreaterThan(1);
    const points = pointsOf(new RateHistory(ring, 100_000));
    expect(points.every(([, , deviceToCloud]) => deviceToCloud === 10)).toBe(true);
    expect(points.at(-1)?.[0]).toBe(99_000);
    expect(points[0]?.[0]).toBeGreaterThan(ring.lastDiscardedMs);
  });

  test("reach back five minutes, also after a pause", () => {
    const ring = new EventRing(0);
    const rates = new RateHistory(ring, 5 * SECOND_MS);
    expect(rates.points).toHaveLength(5);
    rates.advance(86_400 * SECOND_MS);
    expect(rates.points).toHaveLength(300);
    expect(rates.take()).toHaveLength(300);
    expect(rates.points.at(-1)?.timeMs).toBe(86_399 * SECOND_MS);
    expect(rates.points[0]?.timeMs).toBe(86_100 * SECOND_MS);
  });

  test("count all messages, also those that are not shown", async () => {
    const hub = await createTestHub({ settings: { queueDepth: 2000 } });
    const { watch, changes } = await watchPage(hub);
    for (let n = 0; n < 1500; n++) await hub.send();
    await atRest();
    hub.clock.advance(SECOND_MS);
    watch.update();
    const [{ rates, messages, sampledMessages }] = changes;
    expect(rates.map(({ cloudToDevice }: { cloudToDevice: number }) => cloudToDevice)).toEqual([
      1500,
    ]);
    expect(sampledMessages).toEqual({ shown: messages.length, total: 1500 });
  });
});

describe("a preview", () => {
  test.each<[string, Uint8Array, string | undefined]>([
    ["text", Buffer.from("h\u00e9\n<b>"), "h\u00e9\n<b>"],
    ["nothing", Buffer.from(""), ""],
    ["its beginning", Buffer.from("x".repeat(100_000)), "x".repeat(160)],
    ["whole characters", Buffer.from("\u{1F600}".repeat(1000)), "\u{1F600}".repeat(80)],
    ["characters of three bytes", Buffer.from("\u4e2d".repeat(1000)), "\u4e2d".repeat(160)],
    ["no bytes", Buffer.from([0xff, 0xfe]), undefined],
    ["no control characters", Buffer.from("a\0b"), undefined],
    ["no half of a character", Buffer.from([0x61, 0xc3]), undefined],
  ])("shows %s", (_, body, preview) => {
    expect(previewOf(body)).toBe(preview);
  });
});
