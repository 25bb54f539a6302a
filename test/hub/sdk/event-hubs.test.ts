import { readFileSync } from "node:fs";
import {
  type EventHubConsumerClientOptions,
  type EventPosition,
  earliestEventPosition,
  latestEventPosition,
  type WebSocketImpl,
} from "@azure/event-hubs";
import common from "azure-iot-common";
import type device from "azure-iot-device";
import deviceMqtt from "azure-iot-device-mqtt";
import { describe, expect, it } from "vitest";
import WebSocket from "ws";
import { partitionOf } from "../../../src/core/events/partition.ts";
import { PARTITION_COUNT } from "../../../src/core/limits.ts";
import type { LocalHub } from "../../../src/hub/local-hub.ts";
import type { LocalHubOptions } from "../../../src/hub/local-hub-options.ts";
import { startHubForTest } from "../../support/local-hub.ts";
import { type Consumption, consume, openSdkConsumer } from "../../support/sdk-consumer.ts";
import { openSdkDevice } from "../../support/sdk-device.ts";

const PARTITION_ID = String(partitionOf("device1", PARTITION_COUNT));

interface Setup {
  readonly hub: LocalHub;
  readonly device: device.Client;
}

/** A hub with these events of device1, and the device, to send more. */
async function hubWith(bodies: readonly string[], options: LocalHubOptions = {}): Promise<Setup> {
  const hub = await startHubForTest({ devices: ["device1", "device2"], ...options });
  hub.trust();
  const device = await openSdkDevice(hub, deviceMqtt.Mqtt);
  await send(device, bodies);
  return { hub, device };
}

async function send(client: device.Client, bodies: readonly string[]): Promise<void> {
  for (const body of bodies) await client.sendEvent(new common.Message(body));
}

function openConsumer(hub: LocalHub, group?: string, options: EventHubConsumerClientOptions = {}) {
  return openSdkConsumer(hub.eventHubConnectionString, group, options);
}

function overWebSocket({ caFile }: LocalHub): EventHubConsumerClientOptions {
  const webSocket = WebSocket as unknown as WebSocketImpl;
  const webSocketConstructorOptions = { ca: readFileSync(caFile) };
  return { webSocketOptions: { webSocket, webSocketConstructorOptions } };
}

/** The bodies of the next events; the SDK parses their numbers as JSON. */
async function takeBodies({ events }: Consumption, count: number): Promise<unknown[]> {
  return (await events.take(count)).map(({ event }) => event.body);
}

describe("@azure/event-hubs, unmodified", () => {
  it("gets the properties of the event hub and its partitions", async () => {
    const { hub } = await hubWith(["0", "1"]);
    const client = openConsumer(hub);
    expect(await client.getPartitionIds()).toEqual(["0", "1", "2", "3"]);
    expect(await client.getEventHubProperties()).toMatchObject({
      name: "messages",
      partitionIds: ["0", "1", "2", "3"],
      createdOn: expect.any(Date),
    });
    const properties = await client.getPartitionProperties(PARTITION_ID);
    expect(properties).toMatchObject({
      partitionId: PARTITION_ID,
      eventHubName: "messages",
      beginningSequenceNumber: 0,
      lastEnqueuedSequenceNumber: 1,
      isEmpty: false,
    });
    expect(Math.abs(properties.lastEnqueuedOnUtc.getTime() - Date.now())).toBeLessThan(60_000);
    const empty = await client.getPartitionProperties("0");
    expect(empty).toMatchObject({ lastEnqueuedSequenceNumber: -1, isEmpty: true });
  });

  it("subscribes to all partitions, and gets each device's events once, in order", async () => {
    const texts = Array.from({ length: 50 }, (_, n) => String(n));
    const { hub, device } = await hubWith(texts.slice(0, 25));
    const other = await openSdkDevice(hub, deviceMqtt.Mqtt, "device2");
    await send(other, texts);
    const reading = consume(openConsumer(hub));
    await send(device, texts.slice(25));
    const received = await reading.events.take(100);
    for (const deviceId of ["device1", "device2"]) {
      const own = received.filter(
        ({ event }) => event.systemProperties?.["iothub-connection-device-id"] === deviceId,
      );
      expect(own.map(({ event }) => event.body)).toEqual(texts.map(Number));
      expect(new Set(own.map(({ context }) => context.partitionId)).size).toBe(1);
    }
  });

  it("subscribes to one partition, and gets only its events", async () => {
    const { hub } = await hubWith(["0", "1"]);
    const other = await openSdkDevice(hub, deviceMqtt.Mqtt, "device2");
    await send(other, ["99"]);
    const reading = consume(openConsumer(hub), { partitionId: PARTITION_ID });
    expect(await takeBodies(reading, 2)).toEqual([0, 1]);
    await send(other, ["98"]);
    const all = consume(openConsumer(hub));
    await all.events.until(({ event }) => event.body === 98);
    await reading.close();
    reading.events.end("closed");
    await expect(reading.events.next()).rejects.toThrow("closed");
  });

  // Rule event-position.
  describe("starts", () => {
    async function readFrom(position: (setup: Setup) => Promise<EventPosition>): Promise<unknown> {
      const setup = await hubWith(["0", "1"]);
      // Later events get a later enqueued time.
      await new Promise((resolve) => setTimeout(resolve, 5));
      await send(setup.device, ["2", "3"]);
      const startPosition = await position(setup);
      const reading = consume(openConsumer(setup.hub), {
        partitionId: PARTITION_ID,
        startPosition,
      });
      const [first] = await takeBodies(reading, 1);
      return first;
    }

    /** The event with this body, as received. */
    async function eventOf({ hub }: Setup, body: number) {
      const reading = consume(openConsumer(hub), { partitionId: PARTITION_ID });
      const { event } = await reading.events.until((one) => one.event.body === body);
      await reading.close();
      return event;
    }

    it.each<[string, (setup: Setup) => Promise<EventPosition>, number]>([
      ["at the earliest event", async () => earliestEventPosition, 0],
      ["after an offset", async (setup) => ({ offset: (await eventOf(setup, 1)).offset }), 2],
      [
        "at an offset",
        async (setup) => ({ offset: (await eventOf(setup, 1)).offset, isInclusive: true }),
        1,
      ],
      ["after a sequence number", async () => ({ sequenceNumber: 0 }), 1],
      ["at a sequence number", async () => ({ sequenceNumber: 2, isInclusive: true }), 2],
      [
        "after an enqueued time",
        async (setup) => ({ enqueuedOn: (await eventOf(setup, 1)).enqueuedTimeUtc }),
        2,
      ],
      [
        "after the millisecond before an enqueued time",
        async (setup) => ({ enqueuedOn: (await eventOf(setup, 2)).enqueuedTimeUtc.getTime() - 1 }),
        2,
      ],
    ])("%s", async (_where, position, body) => {
      expect(await readFrom(position)).toBe(body);
    });

    it("at the latest position, after all existing events", async () => {
      const { hub, device } = await hubWith(["0", "1"]);
      const reading = consume(openConsumer(hub), {
        partitionId: PARTITION_ID,
        startPosition: latestEventPosition,
      });
      let isFound = false;
      const found = reading.events.next().finally(() => {
        isFound = true;
      });
      // The SDK does not report when the reader is attached; earlier events are not for it.
      for (let n = 2; !isFound && n < 200; n++) {
        await send(device, [String(n)]);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect((await found).event.body).toBeGreaterThan(1);
    });

    it("with an error when the position is beyond the end", async () => {
      const { hub } = await hubWith(["0"]);
      const { errors } = consume(openConsumer(hub), {
        partitionId: PARTITION_ID,
        startPosition: { sequenceNumber: 1000 },
      });
      expect(await errors.next()).toMatchObject({
        code: "ArgumentError",
        message: expect.stringContaining("sequence number '1000' is invalid"),
      });
    });
  });

  // Rule event-group.
  it("gets all events in each of several consumer groups", async () => {
    const { hub, device } = await hubWith(["0"], { consumerGroups: ["audit"] });
    const readings = ["$Default", "audit", "$default"].map((group) =>
      consume(openConsumer(hub, group)),
    );
    await send(device, ["1"]);
    for (const reading of readings) expect(await takeBodies(reading, 2)).toEqual([0, 1]);
  });

  // Rule event-epoch.
  it("replaces a reader that has a lower owner level", async () => {
    const { hub, device } = await hubWith(["0"]);
    const options = { partitionId: PARTITION_ID };
    const low = consume(openConsumer(hub), { ...options, ownerLevel: 0 });
    expect(await takeBodies(low, 1)).toEqual([0]);
    const high = consume(openConsumer(hub), { ...options, ownerLevel: 1 });
    expect(await takeBodies(high, 1)).toEqual([0]);
    expect(await low.errors.next()).toMatchObject({
      code: "ReceiverDisconnectedError",
      message: expect.stringContaining("New receiver with higher epoch of '1' is created"),
    });
    await send(device, ["1"]);
    expect(await takeBodies(high, 1)).toEqual([1]);
    const without = consume(openConsumer(hub), options);
    expect(await without.errors.next()).toMatchObject({ code: "ReceiverDisconnectedError" });
  });

  it("gets the partition's last position with each event", async () => {
    const { hub } = await hubWith(["0", "1", "2"]);
    const reading = consume(openConsumer(hub), {
      partitionId: PARTITION_ID,
      trackLastEnqueuedEventProperties: true,
    });
    const [, , { event, context }] = (await reading.events.take(3)) as [
      unknown,
      unknown,
      Awaited<ReturnType<typeof reading.events.next>>,
    ];
    const { lastEnqueuedEventProperties: last } = context;
    expect(last).toMatchObject({ sequenceNumber: 2, offset: event.offset });
    expect(last?.enqueuedOn).toEqual(event.enqueuedTimeUtc);
    expect(Math.abs((last?.retrievedOn?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  it("reads through a custom endpoint when its connection string has another of the hub's names", async () => {
    const alias = "myhub.azure-devices.net";
    const { hub, device } = await hubWith(["0"], { hostNames: [alias] });
    const elsewhere = hub.eventHubConnectionString.replace(`localhost:${hub.ports[0]}`, alias);
    expect(elsewhere).toContain(`sb://${alias}/`);
    const client = openSdkConsumer(elsewhere, "$Default", {
      customEndpointAddress: `sb://localhost:${hub.ports[0]}`,
    });
    expect(await client.getPartitionIds()).toHaveLength(4);
    const reading = consume(client, { partitionId: PARTITION_ID });
    await send(device, ["1"]);
    expect(await takeBodies(reading, 2)).toEqual([0, 1]);
  });

  it("is refused through a custom endpoint when its connection string has a name not of the hub", async () => {
    const { hub } = await hubWith([]);
    const elsewhere = hub.eventHubConnectionString.replace(
      `localhost:${hub.ports[0]}`,
      "other.azure-devices.net",
    );
    const client = openSdkConsumer(elsewhere, "$Default", {
      customEndpointAddress: `sb://localhost:${hub.ports[0]}`,
    });
    await expect(client.getPartitionIds()).rejects.toMatchObject({ code: "UnauthorizedError" });
  });

  it("reads over WebSocket", async () => {
    const { hub, device } = await hubWith(["0"]);
    const client = openConsumer(hub, "$Default", overWebSocket(hub));
    expect(await client.getPartitionIds()).toHaveLength(4);
    const reading = consume(client);
    await send(device, ["1"]);
    expect(await takeBodies(reading, 2)).toEqual([0, 1]);
  });

  it.each(["TLS", "WebSocket"])(
    "reads more than the hub buffers for a reader, over %s",
    async (kind) => {
      const bodies = Array.from({ length: 12 }, (_, n) => `"${String(n).padEnd(250_000)}"`);
      const { hub } = await hubWith(bodies);
      const client = openConsumer(hub, "$Default", kind === "TLS" ? {} : overWebSocket(hub));
      const reading = consume(client, { partitionId: PARTITION_ID, maxBatchSize: 100 });
      const read = await takeBodies(reading, bodies.length);
      expect(read).toEqual(bodies.map((body) => JSON.parse(body)));
    },
  );

  it("resumes after the last read event with a new subscription", async () => {
    const { hub, device } = await hubWith(["0", "1"]);
    const first = consume(openConsumer(hub), { partitionId: PARTITION_ID });
    const [, last] = await first.events.take(2);
    await first.close();
    await send(device, ["2"]);
    const startPosition = { offset: last?.event.offset ?? "" };
    const second = consume(openConsumer(hub), { partitionId: PARTITION_ID, startPosition });
    expect(await takeBodies(second, 1)).toEqual([2]);
  });

  it.each<[string, (text: string) => string]>([
    [
      "a wrong key",
      (text) => text.replace(/SharedAccessKey=[^;]*/, `SharedAccessKey=${"A".repeat(43)}=`),
    ],
    ["an unknown policy", (text) => text.replace("iothubowner", "nobody")],
  ])("with %s gets UnauthorizedError", async (_what, change) => {
    const { hub } = await hubWith([]);
    const client = openSdkConsumer(change(hub.eventHubConnectionString));
    await expect(client.getPartitionIds()).rejects.toMatchObject({ code: "UnauthorizedError" });
  });

  it.each<[string, string, string, (text: string) => string]>([
    ["an unknown consumer group", "nobody", "0", (text) => text],
    ["an unknown partition", "$Default", "9", (text) => text],
    [
      "another event hub",
      "$Default",
      "0",
      (text) => text.replace("EntityPath=messages", "EntityPath=other"),
    ],
  ])("with %s gets MessagingEntityNotFoundError", async (_what, group, partitionId, change) => {
    const { hub } = await hubWith([]);
    const client = openSdkConsumer(change(hub.eventHubConnectionString), group);
    const { errors } = consume(client, { partitionId });
    expect(await errors.next()).toMatchObject({ code: "MessagingEntityNotFoundError" });
  });

  it("is not affected by readers that were closed", async () => {
    const { hub, device } = await hubWith(["0"]);
    for (let round = 0; round < 5; round++) {
      const client = openConsumer(hub);
      const reading = consume(client, { partitionId: PARTITION_ID, ownerLevel: 7 });
      expect(await takeBodies(reading, 1)).toEqual([0]);
      await reading.close();
      await client.close();
    }
    const reading = consume(openConsumer(hub), { partitionId: PARTITION_ID });
    await send(device, ["1"]);
    expect(await takeBodies(reading, 2)).toEqual([0, 1]);
  });
});
