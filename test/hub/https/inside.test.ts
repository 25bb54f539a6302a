/** `GET /$c2d/status`, `/$c2d/queue` and `/$c2d/log` show what is inside the hub. */

import { request } from "node:http";
import { expect, onTestFinished, test, vi } from "vitest";
import { LOG_PATH, QUEUE_PATH, STATUS_PATH } from "../../../src/hub/home/home.ts";
import { createHttpsServer } from "../../../src/hub/https/server.ts";
import { createDuplexPair } from "../../support/duplex-pair.ts";
import { createTestHub, message, type TestHub } from "../../support/test-hub.ts";

async function linesOf(hub: TestHub, path: string): Promise<Record<string, unknown>[]> {
  const { status, body } = await hub.https("GET", path, hub.policyToken("iothubowner"));
  expect(status).toBe(200);
  const lines = body.toString().split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A response that is not read until the test does. */
function openResponse(hub: TestHub, path: string) {
  const [clientEnd, hubEnd] = createDuplexPair();
  onTestFinished(() => void clientEnd.destroy());
  createHttpsServer(hub.services).emit("connection", hubEnd);
  const headers = { host: "localhost", authorization: hub.policyToken("iothubowner") };
  const outgoing = request({ path, headers, createConnection: () => clientEnd });
  outgoing.on("error", () => {});
  outgoing.end();
  return { outgoing, clientEnd, hubEnd };
}

test.each([QUEUE_PATH, LOG_PATH])("%s is for the owner only", async (path) => {
  const hub = await createTestHub();
  for (const policy of ["service", "device", "registryRead", "registryReadWrite"]) {
    expect((await hub.https("GET", path, hub.policyToken(policy))).status, policy).toBe(401);
  }
  expect((await hub.https("GET", path, hub.deviceToken("device1"))).status).toBe(401);
  expect((await hub.https("GET", path)).status).toBe(401);
});

test("the status counts devices and messages", async () => {
  const hub = await createTestHub();
  await hub.send();
  await hub.send({ expiryTimeUtcMs: hub.clock.nowMs() + 5 }, "device2");
  hub.cloudToDevice.take("device1");
  const status = async () =>
    JSON.parse(
      (await hub.https("GET", STATUS_PATH, hub.policyToken("registryRead"))).body.toString(),
    ) as unknown;
  expect(await status()).toEqual({
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    startedAtUtc: "2026-01-01T00:00:00.000Z",
    devices: 2,
    connections: { mqtt: 0, amqp: 0, https: 0 },
    messagesWaiting: 2,
    refusedHandshakes: 0,
  });
  hub.clock.advance(5);
  expect(await status()).toMatchObject({ messagesWaiting: 1 });
});

test("the queue shows every state, and no body unless asked", async () => {
  const hub = await createTestHub();
  await hub.send({ messageId: "m1", body: "one", contentType: "text/plain" });
  await hub.send({ body: "two" });
  await hub.send({}, "device2");
  const lockToken = hub.cloudToDevice.take("device1")?.lockToken ?? "";
  await hub.cloudToDevice.settle("device1", lockToken, "abandon");
  hub.cloudToDevice.take("device1");
  const first = {
    deviceId: "device1",
    sequenceNumber: 1,
    messageId: "m1",
    state: "invisible",
    lockedUntilUtc: "2026-01-01T00:01:00.000Z",
    enqueuedTimeUtc: "2026-01-01T00:00:00.000Z",
    expiryTimeUtc: "2026-01-01T01:00:00.000Z",
    deliveryCount: 1,
    bytes: 3,
  };
  const { messageId: _, lockedUntilUtc: __, ...rest } = first;
  const second = { ...rest, sequenceNumber: 2, state: "enqueued", deliveryCount: 0 };
  const third = { ...second, deviceId: "device2", sequenceNumber: 1, bytes: 0 };
  expect(await linesOf(hub, QUEUE_PATH)).toEqual([first, second, third]);
  expect(await linesOf(hub, `${QUEUE_PATH}?deviceId=device2`)).toEqual([third]);
  expect(await linesOf(hub, `${QUEUE_PATH}?deviceId=device1&bodies=true`)).toEqual([
    { ...first, contentType: "text/plain", body: Buffer.from("one").toString("base64") },
    { ...second, body: Buffer.from("two").toString("base64") },
  ]);
});

test("the queue of a device that does not exist is an error", async () => {
  const hub = await createTestHub();
  const token = hub.policyToken("iothubowner");
  const answer = await hub.https("GET", `${QUEUE_PATH}?deviceId=nobody`, token);
  expect(answer.status).toBe(404);
  expect(answer.headers["iothub-errorcode"]).toBe("DeviceNotFound");
});

test("the log shows bodies where messages arrive, if asked", async () => {
  const hub = await createTestHub();
  await hub.send({ messageId: "m1", body: "one" });
  hub.cloudToDevice.take("device1");
  const [start, enqueued, delivered] = await linesOf(hub, `${LOG_PATH}?bodies=true`);
  expect(start).toEqual({ startedMs: Date.UTC(2026, 0, 1), after: 0 });
  expect(enqueued).toMatchObject({ number: 1, event: { type: "enqueued" }, body: "b25l" });
  expect(delivered).toEqual({
    number: 2,
    time: "2026-01-01T00:00:00.000Z",
    event: {
      type: "delivered",
      deviceId: "device1",
      sequenceNumber: 1,
      messageId: "m1",
      deliveryCount: 0,
    },
  });
  expect(JSON.stringify(await linesOf(hub, LOG_PATH))).not.toContain("b25l");
});

test("the log begins at an age, or after an event of the same run", async () => {
  const hub = await createTestHub();
  for (let n = 0; n < 3; n++) {
    await hub.send();
    hub.clock.advance(1000);
  }
  const numbers = async (query: string) =>
    (await linesOf(hub, `${LOG_PATH}?${query}`)).flatMap(({ number = [] }) => number);
  const run = Date.UTC(2026, 0, 1);
  expect(await numbers("ageMs=1000")).toEqual([3]);
  expect(await numbers(`after=1&run=${run}`)).toEqual([2, 3]);
  expect(await numbers(`after=1&run=${run - 1}`)).toEqual([1, 2, 3]);
  const token = hub.policyToken("iothubowner");
  expect((await hub.https("GET", `${LOG_PATH}?ageMs=-1`, token)).status).toBe(400);
});

test("a reader that has gone is no longer told of events", async () => {
  const hub = await createTestHub();
  const ends: (() => void)[] = [];
  const { ring } = hub.services;
  const watch = ring.watch.bind(ring);
  vi.spyOn(ring, "watch").mockImplementation((listener) => {
    const end = vi.fn(watch(listener));
    ends.push(end);
    return end;
  });
  const { outgoing, clientEnd } = openResponse(hub, `${LOG_PATH}?follow=true`);
  await new Promise((resolve) => outgoing.once("response", resolve));
  await vi.waitFor(() => expect(ends).toHaveLength(1));
  clientEnd.destroy();
  await vi.waitFor(() => expect(ends[0]).toHaveBeenCalled());
});

test("a reader that does not read costs a bounded part of memory, and finds a gap", async () => {
  const hub = await createTestHub();
  const { ring } = hub.services;
  const { outgoing, hubEnd } = openResponse(hub, `${LOG_PATH}?follow=true&bodies=true`);
  const responded = new Promise<NodeJS.ReadableStream>((resolve) =>
    outgoing.once("response", resolve),
  );
  const response = await responded;
  response.pause();
  const large = message({ body: "x".repeat(200_000) });
  const event = { type: "telemetry", deviceId: "d", partitionId: "0", sequenceNumber: 1 } as const;
  let most = 0;
  for (let n = 0; n < 300; n++) {
    ring.record(event, hub.clock.nowMs(), large);
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, hubEnd.writableLength);
  }
  expect(most).toBeLessThan(1024 * 1024);
  let text = "";
  response.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  response.resume();
  await vi.waitFor(() => expect(text).toMatch(/"number":300/), 10_000);
  expect(text).toMatch(/"gap":\{"untilUtc":"2026-[^"]+","missing":\d+\}/);
});
