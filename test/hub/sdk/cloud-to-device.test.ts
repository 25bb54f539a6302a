import { once } from "node:events";
import common from "azure-iot-common";
import device from "azure-iot-device";
import deviceMqtt from "azure-iot-device-mqtt";
import iothub from "azure-iothub";
import { describe, expect, it, onTestFinished } from "vitest";
import type { LocalHub } from "../../../src/hub/local-hub.ts";
import type { LocalHubOptions } from "../../../src/hub/local-hub-options.ts";
import { EventLog } from "../../support/event-log.ts";
import { startHubForTest } from "../../support/local-hub.ts";

async function trustedHub(options: LocalHubOptions = {}) {
  const hub = await startHubForTest({ devices: ["device1"], feedbackIntervalMs: 1, ...options });
  hub.trust();
  return { hub, log: new EventLog(hub) };
}

async function openService(hub: LocalHub): Promise<iothub.Client> {
  const client = iothub.Client.fromConnectionString(hub.connectionString);
  onTestFinished(async () => {
    await client.close().catch(() => {});
  });
  await client.open();
  return client;
}

/** The SDK acknowledges messages automatically. */
async function openDevice(connectionString: string) {
  const client = device.Client.fromConnectionString(connectionString, deviceMqtt.Mqtt);
  client.setRetryPolicy(new common.NoRetry());
  onTestFinished(async () => {
    await client.close().catch(() => {});
  });
  await client.open();
  const next = async (): Promise<common.Message> => {
    const [message] = (await once(client, "message")) as [common.Message];
    return message;
  };
  return { client, next };
}

/** Replaces the key with another valid one. */
function withWrongKey(connectionString: string): string {
  const key = Buffer.alloc(32, 7).toString("base64");
  return connectionString.replace(/SharedAccessKey=[^;]*/, `SharedAccessKey=${key}`);
}

function feedbackOf(client: iothub.Client): Promise<{ data: Buffer }> {
  return new Promise((resolve, reject) => {
    client.getFeedbackReceiver((error, receiver) => {
      if (error || !receiver) return reject(error);
      receiver.on("message", (message: { data: Buffer }) => resolve(message));
    });
  });
}

describe("azure-iothub and azure-iot-device, unmodified", () => {
  it("send a message, receive it with all its properties, and get its feedback", async () => {
    const { hub } = await trustedHub();
    const { next } = await openDevice(hub.deviceConnectionString("device1"));
    const received = next();
    const service = await openService(hub);
    const feedback = feedbackOf(service);
    const message = new common.Message(Buffer.from("héllo\0"));
    Object.assign(message, {
      messageId: "m1",
      correlationId: "c1",
      contentType: "application/json",
      contentEncoding: "utf-8",
      ack: "full",
      expiryTimeUtc: Date.now() + 60_000,
    });
    message.properties.add("a b", "c/d ü&%");
    await service.send("device1", message);
    const got = await received;
    expect(got.data).toEqual(Buffer.from("héllo\0"));
    expect(got).toMatchObject({
      messageId: "m1",
      correlationId: "c1",
      contentType: "application/json",
      contentEncoding: "utf-8",
      to: "/devices/device1/messages/devicebound",
    });
    expect(got.properties.propertyList).toContainEqual({ key: "a b", value: "c/d ü&%" });
    expect(JSON.parse((await feedback).data.toString())).toMatchObject([
      { originalMessageId: "m1", deviceId: "device1", statusCode: "Success" },
    ]);
  });

  it("send a UUID as message id, which is a uuid in AMQP", async () => {
    const { hub } = await trustedHub();
    const { next } = await openDevice(hub.deviceConnectionString("device1"));
    const received = next();
    const service = await openService(hub);
    const messageId = "12345678-1234-1234-1234-1234567890ab";
    await service.send("device1", Object.assign(new common.Message("x"), { messageId }));
    expect((await received).messageId).toBe(messageId);
  });

  it("deliver earlier messages on connecting, in order", async () => {
    const { hub } = await trustedHub();
    const service = await openService(hub);
    for (const text of ["1", "2", "3"]) await service.send("device1", new common.Message(text));
    const client = device.Client.fromConnectionString(
      hub.deviceConnectionString("device1"),
      deviceMqtt.Mqtt,
    );
    onTestFinished(async () => {
      await client.close().catch(() => {});
    });
    const got: string[] = [];
    const all = new Promise<void>((resolve) => {
      client.on("message", (message: common.Message) => {
        if (got.push(message.data.toString()) === 3) resolve();
      });
    });
    await client.open();
    await all;
    expect(got).toEqual(["1", "2", "3"]);
  });

  it("get DeviceNotFoundError for a device that does not exist", async () => {
    const { hub } = await trustedHub();
    const service = await openService(hub);
    await expect(service.send("nobody", new common.Message("x"))).rejects.toMatchObject({
      name: "DeviceNotFoundError",
    });
  });

  // Rule c2d-depth.
  it("get DeviceMaximumQueueDepthExceededError for the 51st message", async () => {
    const { hub } = await trustedHub();
    const service = await openService(hub);
    for (let n = 0; n < 50; n++) await service.send("device1", new common.Message("x"));
    await expect(service.send("device1", new common.Message("x"))).rejects.toMatchObject({
      name: "DeviceMaximumQueueDepthExceededError",
    });
  });

  // Rule c2d-size.
  it("get MessageTooLargeError over 64 KB", async () => {
    const { hub } = await trustedHub();
    const service = await openService(hub);
    const sent = service.send("device1", new common.Message(Buffer.alloc(65_537)));
    await expect(sent).rejects.toMatchObject({ name: "MessageTooLargeError" });
  });

  it("get ArgumentError for an invalid ack", async () => {
    const { hub } = await trustedHub();
    const service = await openService(hub);
    const message = Object.assign(new common.Message("x"), { ack: "sometimes" });
    await expect(service.send("device1", message)).rejects.toMatchObject({ name: "ArgumentError" });
  });

  it("get UnauthorizedError for a service with a wrong key", async () => {
    const { hub } = await trustedHub();
    const client = iothub.Client.fromConnectionString(withWrongKey(hub.connectionString));
    onTestFinished(async () => {
      await client.close().catch(() => {});
    });
    await expect(client.open()).rejects.toMatchObject({
      amqpError: { name: "UnauthorizedError" },
    });
  });

  it.each([
    ["with a wrong key", withWrongKey],
    ["that does not exist", (text: string) => text.replace("device1", "nobody")],
  ])("get UnauthorizedError for a device %s", async (_what, change) => {
    const { hub } = await trustedHub();
    const opened = openDevice(change(hub.deviceConnectionString("device1")));
    await expect(opened).rejects.toMatchObject({ name: "UnauthorizedError" });
  });

  // Rules c2d-expiry-past, feedback-ack.
  it("get the feedback that each ack requests: of expired messages, only for negative", async () => {
    const { hub, log } = await trustedHub();
    const service = await openService(hub);
    for (const ack of ["none", "positive", "negative"]) {
      const message = Object.assign(new common.Message("x"), { messageId: ack, ack });
      Object.assign(message, { expiryTimeUtc: Date.now() - 1000 });
      await service.send("device1", message);
    }
    expect(log.of("feedback")).toMatchObject([
      { originalMessageId: "negative", statusCode: "Expired" },
    ]);
  });

  // Rule one-connection.
  it("disconnect the first of two clients with the same device id, once", async () => {
    const { hub, log } = await trustedHub();
    const text = hub.deviceConnectionString("device1");
    const first = await openDevice(text);
    const dropped = once(first.client, "disconnect");
    await openDevice(text);
    await dropped;
    expect(log.of("deviceDisconnected")).toHaveLength(1);
  });

  it("receive each of many concurrent messages exactly once", async () => {
    const { hub, log } = await trustedHub({ queueDepth: 1000 });
    const { client } = await openDevice(hub.deviceConnectionString("device1"));
    const got: string[] = [];
    client.on("message", (message: common.Message) => got.push(message.data.toString()));
    const service = await openService(hub);
    const texts = Array.from({ length: 200 }, (_, n) => String(n));
    await service.send("device1", new common.Message(texts[0] ?? ""));
    await Promise.all(
      texts.slice(1).map((text) => service.send("device1", new common.Message(text))),
    );
    await log.reached("settled", 200);
    expect(got).toEqual(texts);
  });
});
