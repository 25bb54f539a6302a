/** The page's streams: what is in them, how many, and how slow their readers may be. */

import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startHomeHub } from "../../../src/hub/home-hub.ts";
import { EventStreams, MAX_STREAMS } from "../../../src/hub/page/event-streams.ts";
import { OBSTACLES } from "../../../src/hub/page/watch/obstacles.ts";
import { ManualClock } from "../../../src/index.ts";
import { createDuplexPair } from "../../support/duplex-pair.ts";
import { startHubForTest, temporaryDirectory } from "../../support/local-hub.ts";
import { createTestHub } from "../../support/test-hub.ts";
import { type StreamEvent, Visitor } from "./support.ts";

const CLIENTS = 1000;

test("a stream begins with what is, and goes on with what changes", async () => {
  const hub = await startHubForTest({ ui: true, devices: ["device1"], queueDepth: 7 });
  const { events } = await (await Visitor.of(hub)).follow();
  const { name, data } = await events.next();
  expect(name).toBe("snapshot");
  expect(data).toEqual({
    hub: {
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      hostName: hub.hostName,
      startedMs: expect.any(Number),
      nowMs: expect.any(Number),
      queueDepth: 7,
      obstacles: OBSTACLES,
      commandFlag: "",
      kept: 1000,
    },
    devices: [
      {
        deviceId: "device1",
        isEnabled: true,
        authentication: "sas",
        obstacle: "notConnected",
        waiting: 0,
        locked: 0,
      },
    ],
    messages: [],
    events: [],
    rates: expect.any(Array),
  });
  const changed = (field: string) => events.until(({ data }) => field in data);
  await hub.send("device1", { messageId: "m1" });
  expect((await changed("messages")).data).toMatchObject({
    devices: [{ deviceId: "device1", waiting: 1 }],
    messages: [{ messageId: "m1", state: { label: "Enqueued" } }],
  });
  hub.deviceConnectionString("device2");
  expect((await changed("devices")).data.devices).toMatchObject([{ deviceId: "device2" }]);
  expect((await changed("rates")).data.rates[0]).toEqual({
    timeMs: expect.any(Number),
    cloudToDevice: expect.any(Number),
    deviceToCloud: 0,
  });
});

test("a page that is opened later begins where the others are", async () => {
  const hub = await startHubForTest({ ui: true, devices: ["device1"] });
  const visitor = await Visitor.of(hub);
  const first = await visitor.follow();
  await first.events.next();
  await hub.send("device1", { messageId: "m1" });
  const second = await visitor.follow();
  expect((await second.events.next()).data.messages).toMatchObject([{ messageId: "m1" }]);
  await hub.send("device1", { messageId: "m2" });
  const news = ({ data: { messages } }: StreamEvent) => messages?.[0].messageId === "m2";
  const [one, other] = [await first.events.until(news), await second.events.until(news)];
  expect(one.data).toEqual(other.data);
  expect(one.data.messages).toHaveLength(1);
});

test("a thousand are asked for: some are served, the others told why not, and the hub goes on", async () => {
  const hub = await startHubForTest({ ui: true, devices: ["device1"] });
  const visitor = await Visitor.of(hub);
  const asked = Array.from({ length: CLIENTS }, () => visitor.open("/api/stream"));
  const responses = await Promise.all(asked);
  onTestFinished(() => {
    for (const response of responses) response.destroy();
  });
  const refused = responses.filter(({ statusCode }) => statusCode === 503);
  expect(refused).toHaveLength(CLIENTS - MAX_STREAMS);
  const [text] = (await refused[0]?.setEncoding("utf8").toArray()) ?? [];
  expect(JSON.parse(text)).toEqual({
    name: "TooManyPages",
    message: `${MAX_STREAMS} pages are open already. Close one of them.`,
  });
  const served = responses.filter(({ statusCode }) => statusCode === 200);
  expect(served).toHaveLength(MAX_STREAMS);
  const waiting = served.map(
    (response) =>
      new Promise<void>((resolve) => {
        response.setEncoding("utf8").on("error", () => {});
        response.on("data", (some: string) => some.includes('"messageId":"m1"') && resolve());
      }),
  );
  await hub.send("device1", { messageId: "m1" });
  await Promise.all(waiting);
  expect((await visitor.ask("/api/messages/none")).status).toBe(404);

  // Whoever leaves makes room.
  const left = new Promise((resolve) => served[0]?.once("close", resolve));
  served[0]?.destroy();
  await left;
  await expect.poll(async () => (await visitor.open("/api/stream")).statusCode).toBe(200);
  const ended = served.slice(1).map((one) => new Promise((resolve) => one.once("close", resolve)));
  await hub.stop();
  await Promise.all(ended);
});

test("a reader who is too slow is put out, the others are not", async () => {
  const hub = await createTestHub({
    settings: { queueDepth: CLIENTS },
    devices: ["d".repeat(128)],
  });
  const streams = new EventStreams({
    services: hub.services,
    key: "",
    port: 0,
    hostName: "localhost",
    queueDepth: CLIENTS,
    isReachedWithLocal: false,
  });
  onTestFinished(() => streams.close());
  const open = () => {
    const [client, server] = createDuplexPair();
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    response.assignSocket(server as Socket);
    expect(streams.open(response)).toBeUndefined();
    return { client, response };
  };
  const [slow, fast] = [open(), open()];
  let read = "";
  fast.client.setEncoding("utf8").on("data", (some: string) => {
    read += some;
  });
  const closed = new Promise((resolve) => slow.response.once("close", resolve));
  const fields = { messageId: "\u4e2d".repeat(128), body: "\u4e2d".repeat(200) };
  for (let n = 0; n < CLIENTS; n++) await hub.send(fields, "d".repeat(128));
  await expect.poll(() => slow.response.writableLength).toBeGreaterThan(1024 * 1024);
  await hub.registry.create("new");
  await closed;
  expect(slow.response.destroyed).toBe(true);
  expect(fast.response.destroyed).toBe(false);
  await expect.poll(() => read).toContain('"deviceId":"new"');
});

test("an open page does not keep a hub running", async () => {
  const clock = new ManualClock();
  const directory = temporaryDirectory();
  const options = { directory, ports: [0], ui: true, uiPort: 0, clock };
  const hub = await startHomeHub({ ...options, idleExitMs: 60_000 });
  onTestFinished(() => hub.stop());
  const { events, response } = await (await Visitor.of(hub)).follow();
  await events.next();
  const closed = new Promise((resolve) => response.once("close", resolve));
  clock.advance(60_000);
  await expect(hub.stopped).resolves.toBeUndefined();
  await closed;
});
