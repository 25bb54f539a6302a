/** `send`, `waitFor` and `directory` of the library. */

import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import common from "azure-iot-common";
import { Client, type Message } from "azure-iot-device";
import { Amqp } from "azure-iot-device-amqp";
import { Mqtt } from "azure-iot-device-mqtt";
import iothub from "azure-iothub";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  HubStoppedError,
  type LocalHub,
  ManualClock,
  type MessageToSend,
  StoreError,
  startLocalHub,
  WaitTimeoutError,
} from "../../src/index.ts";
import { startHubForTest, temporaryDirectory } from "../support/local-hub.ts";

const CYCLE: Record<string, unknown> = {};
CYCLE.self = CYCLE;

/** The next message that the device's SDK receives. */
async function receive(hub: LocalHub): Promise<Message> {
  hub.trust();
  const client = Client.fromConnectionString(hub.deviceConnectionString("device1"), Mqtt);
  onTestFinished(() => client.close().then(() => {}));
  const [message] = (await once(client, "message")) as [Message];
  await client.complete(message);
  return message;
}

describe("send", () => {
  it("reaches the device with everything it was given", async () => {
    const hub = await startHubForTest({ devices: ["device1"] });
    await hub.send("device1", {
      body: "hello",
      properties: { level: "5" },
      messageId: "m1",
      correlationId: "c1",
      contentType: "text/plain",
    });
    const message = await receive(hub);
    expect(message.getData().toString()).toBe("hello");
    expect(message.properties.propertyList).toContainEqual({ key: "level", value: "5" });
    expect(message).toMatchObject({
      messageId: "m1",
      correlationId: "c1",
      contentType: "text/plain",
    });
  });

  it.each([
    ["an object", { on: true }, '{"on":true}', "application/json"],
    ["null", null, "null", "application/json"],
    ["bytes", Uint8Array.of(104, 105), "hi", undefined],
    ["nothing", undefined, "", undefined],
  ])("takes %s as the body", async (_, body, text, contentType) => {
    const hub = await startHubForTest({ devices: ["device1"] });
    await hub.send("device1", { body });
    const message = await receive(hub);
    expect(message.getData().toString()).toBe(text);
    expect(message.contentType).toBe(contentType);
  });

  it.each([
    [{ data: "x" }, "data"],
    [{ body: () => {} }, "body"],
    [{ body: 10n }, "body"],
    [{ body: { nested: [10n] } }, "body"],
    [{ body: CYCLE }, "body"],
    [{ body: { toJSON: () => expect.fail("thrown by the caller's object") } }, "body"],
    [{ properties: "level=5" }, "properties"],
    [{ properties: null }, "properties"],
    [{ properties: ["level"] }, "properties"],
    [{ properties: new Map([["level", "5"]]) }, "properties"],
    [{ properties: { room: "hall", level: 5 } }, "properties.level"],
    [{ properties: { level: undefined } }, "properties.level"],
    [{ properties: { "iothub-ack": "full" }, ack: "none" }, "ack"],
    [{ messageId: 5 }, "messageId"],
    [{ expiryTimeUtcMs: "tomorrow" }, "expiryTimeUtcMs"],
    [{ ack: "all" }, "ack"],
  ])("refuses %o", async (message, option) => {
    const hub = await startHubForTest({ devices: ["device1"] });
    await expect(hub.send("device1", message as MessageToSend)).rejects.toMatchObject({
      name: "InvalidOptionError",
      option,
    });
  });

  it("says which property is no string, and what a body may be", async () => {
    const hub = await startHubForTest({ devices: ["device1"] });
    const properties = { level: 5 } as unknown as Record<string, string>;
    await expect(hub.send("device1", { properties })).rejects.toThrow(
      "Option 'properties.level' is 5. It must be a string.",
    );
    await expect(hub.send("device1", { body: 10n })).rejects.toThrow(
      /^Option 'body' is 10n\. It must be .* JSON can express/,
    );
    await expect(hub.send("device1", { body: CYCLE })).rejects.toThrow("without a cycle");
  });

  it("takes the names of properties as a service's message over AMQP has them", async () => {
    const hub = await startHubForTest({ devices: ["device1"] });
    hub.trust();
    const properties = { "iothub-ack": "Full", "$.mid": "m1", "iothub-custom": "s" };
    const service = iothub.Client.fromConnectionString(hub.connectionString);
    onTestFinished(() => service.close().then(() => {}));
    const message = new common.Message("");
    for (const [name, value] of Object.entries(properties)) message.properties.add(name, value);
    await service.send("device1", message);
    await hub.send("device1", { properties });
    const [sent, own] = hub.queue("device1");
    expect(own?.properties).toEqual(sent?.properties);
    expect(own?.properties).toEqual({ "$.mid": "m1", "iothub-custom": "s" });
    expect([own?.system.ack, sent?.system.ack]).toEqual(["full", "full"]);
    await expect(
      hub.send("device1", { properties: { "iothub-ack": "all" } }),
    ).rejects.toMatchObject({ name: "ArgumentInvalid" });
  });

  it("is not changed by what the caller does with its message afterwards", async () => {
    const hub = await startHubForTest({ devices: ["device1"] });
    const message = { body: Uint8Array.of(1), properties: { level: "5" } };
    await hub.send("device1", message);
    message.body[0] = 2;
    message.properties.level = "6";
    expect(hub.queue("device1")).toMatchObject([
      { body: Uint8Array.of(1), properties: { level: "5" } },
    ]);
  });

  it("obeys the hub's rules", async () => {
    const hub = await startHubForTest({ devices: ["device1"], queueDepth: 1 });
    await expect(hub.send("nobody", { body: "x" })).rejects.toMatchObject({
      name: "DeviceNotFound",
    });
    await expect(hub.send("device1", { body: "x".repeat(70_000) })).rejects.toMatchObject({
      name: "MessageTooLarge",
    });
    await hub.send("device1");
    await expect(hub.send("device1")).rejects.toMatchObject({
      name: "DeviceMaximumQueueDepthExceeded",
    });
  });
});

describe("queue", () => {
  it("has the waiting messages, oldest first, with their states", async () => {
    const clock = new ManualClock(Date.UTC(2030, 0, 1));
    const hub = await startHubForTest({ devices: ["device1"], clock, lockTimeoutMs: 60_000 });
    expect(hub.queue("device1")).toEqual([]);
    const properties = { level: "5" };
    for (const messageId of ["m1", "m2"]) {
      await hub.send("device1", {
        messageId,
        body: "hello",
        properties,
        contentType: "text/plain",
      });
    }
    const [first, second] = hub.queue("device1");
    expect(first).toEqual({
      sequenceNumber: 1,
      messageId: "m1",
      state: "enqueued",
      enqueuedTimeUtc: "2030-01-01T00:00:00.000Z",
      expiryTimeUtc: "2030-01-01T01:00:00.000Z",
      deliveryCount: 0,
      bytes: 5,
      body: Uint8Array.from(Buffer.from("hello")),
      properties,
      system: expect.objectContaining({ messageId: "m1", contentType: "text/plain" }),
    });
    expect(second?.messageId).toBe("m2");
    clock.advance(3_600_000);
    expect(hub.queue("device1")).toEqual([]);
  });

  it("shows what a receiver has locked", async () => {
    const hub = await startHubForTest({ devices: ["device1"] });
    hub.trust();
    const delivered = hub.waitFor("delivered");
    const client = Client.fromConnectionString(hub.deviceConnectionString("device1"), Amqp);
    onTestFinished(() => client.close().then(() => {}));
    // Over AMQP a message stays locked until it is settled.
    client.on("message", () => {});
    await hub.send("device1", { messageId: "m1" });
    await delivered;
    expect(hub.queue("device1")).toMatchObject([
      { messageId: "m1", state: "invisible", lockedUntilUtc: expect.stringMatching(/Z$/) },
    ]);
  });

  it("throws for a device that does not exist", async () => {
    const hub = await startHubForTest();
    expect(() => hub.queue("nobody")).toThrowError(
      expect.objectContaining({ name: "DeviceNotFound" }),
    );
  });
});

describe("waitFor", () => {
  it("resolves to the next event of a type", async () => {
    const hub = await startHubForTest({ devices: ["device1"] });
    const enqueued = hub.waitFor("enqueued");
    await hub.send("device1", { messageId: "m1" });
    expect((await enqueued).messageId).toBe("m1");
  });

  it("resolves to the next event that a predicate accepts", async () => {
    const hub = await startHubForTest({ devices: ["device1"] });
    const second = hub.waitFor((event) => event.type === "enqueued" && event.messageId === "m2");
    for (const messageId of ["m1", "m2"]) await hub.send("device1", { messageId });
    expect(await second).toMatchObject({ sequenceNumber: 2 });
  });

  it("does not see what happened before, and says what it saw", async () => {
    const hub = await startHubForTest({ devices: ["device1"] });
    await hub.send("device1");
    const error = await hub.waitFor("enqueued", { timeoutMs: 1 }).catch((reason) => reason);
    expect(error).toBeInstanceOf(WaitTimeoutError);
    expect(error).toMatchObject({
      message: "The local hub reported no 'enqueued' within 1 ms. Nothing happened.",
      seen: [],
    });
    const settled = hub.waitFor("settled", { timeoutMs: 100 });
    await hub.send("device1");
    await expect(settled).rejects.toMatchObject({ seen: ["enqueued"] });
  });

  it.each(["setled", "toString", "", undefined, null, 5, {}])(
    "refuses the type %o, and names those there are",
    async (type) => {
      const hub = await startHubForTest();
      await expect(hub.waitFor(type as "settled")).rejects.toMatchObject({
        name: "InvalidOptionError",
        option: "type",
        range: expect.stringMatching(/enqueued, .*settled, .*feedbackSettled/),
      });
    },
  );

  it("takes real time with any clock", async () => {
    const hub = await startHubForTest({ clock: new ManualClock() });
    await expect(hub.waitFor("feedback", { timeoutMs: 1 })).rejects.toThrow(WaitTimeoutError);
  });

  it("rejects when the hub stops, and with what the predicate throws", async () => {
    const hub = await startLocalHub({ devices: ["device1"] });
    const failed = hub.waitFor(() => {
      throw new TypeError("in the test");
    });
    await hub.send("device1");
    await expect(failed).rejects.toThrow(new TypeError("in the test"));
    const stopped = hub.waitFor("settled");
    await hub.stop();
    await expect(stopped).rejects.toThrow(HubStoppedError);
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 31, "5"])("refuses the timeout %o", async (timeoutMs) => {
    const hub = await startHubForTest();
    await expect(hub.waitFor("settled", { timeoutMs: timeoutMs as number })).rejects.toMatchObject({
      name: "InvalidOptionError",
      option: "timeoutMs",
    });
  });
});

describe("with a directory", () => {
  it("keys, devices and messages are there again", async () => {
    const directory = join(temporaryDirectory(), "new");
    const first = await startLocalHub({ directory, devices: ["device1"] });
    await first.send("device1", { messageId: "kept" });
    const keyOf = (hub: LocalHub) => /SharedAccessKey=.*/.exec(hub.connectionString)?.[0];
    await first.stop();
    expect(existsSync(first.caFile)).toBe(true);
    const second = await startHubForTest({ directory });
    expect(keyOf(second)).toBe(keyOf(first));
    expect((await receive(second)).messageId).toBe("kept");
  });

  it("a second hub is refused", async () => {
    const directory = temporaryDirectory();
    await startHubForTest({ directory });
    const error = await startLocalHub({ directory }).catch((reason) => reason);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({
      name: "StoreInUse",
      message: expect.stringMatching(/^The store in .* is already open\.$/),
    });
  });
});
