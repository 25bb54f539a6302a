import { readFileSync } from "node:fs";
import common from "azure-iot-common";
import device from "azure-iot-device";
import deviceAmqp from "azure-iot-device-amqp";
import deviceHttp from "azure-iot-device-http";
import deviceMqtt from "azure-iot-device-mqtt";
import { describe, expect, it } from "vitest";
import type { LocalHub } from "../../../src/hub/local-hub.ts";
import { startHubForTest } from "../../support/local-hub.ts";
import { readEvents } from "../../support/sdk-consumer.ts";
import { createSdkHttpDevice, openSdkDevice } from "../../support/sdk-device.ts";

async function trustedHub(): Promise<LocalHub> {
  const hub = await startHubForTest({ devices: ["device1"] });
  hub.trust();
  return hub;
}

const TRANSPORTS: [string, (hub: LocalHub) => Promise<device.Client>][] = [
  ["azure-iot-device-mqtt", (hub) => openSdkDevice(hub, deviceMqtt.Mqtt)],
  ["azure-iot-device-amqp", (hub) => openSdkDevice(hub, deviceAmqp.Amqp)],
  ["azure-iot-device-http", async (hub) => createSdkHttpDevice(hub, deviceHttp.Http)],
];

/** A message with every property that a device can set. */
function fullMessage(): common.Message {
  const message = new common.Message(Buffer.from("h\u00e9llo\0"));
  Object.assign(message, {
    messageId: "m1",
    correlationId: "c1",
    contentType: "application/json",
    contentEncoding: "utf-8",
  });
  message.properties.add("Temperature-Alert", "true");
  return message;
}

describe.each(TRANSPORTS)("%s, unmodified", (name, open) => {
  it("sends an event with its properties", async () => {
    const hub = await trustedHub();
    const client = await open(hub);
    await client.sendEvent(fullMessage());
    const [event] = await readEvents(hub, 1);
    expect(event?.body).toEqual(Buffer.from("h\u00e9llo\0"));
    expect(event).toMatchObject({
      messageId: "m1",
      correlationId: "c1",
      contentType: "application/json",
      properties: { "Temperature-Alert": "true" },
      systemProperties: {
        contentEncoding: "utf-8",
        "iothub-connection-device-id": "device1",
        "iothub-message-source": "Telemetry",
      },
    });
  });

  it("sends many concurrent messages, each once, in order", async () => {
    const hub = await trustedHub();
    const client = await open(hub);
    const texts = Array.from({ length: 100 }, (_, n) => String(n));
    if (name.endsWith("http")) {
      for (const text of texts) await client.sendEvent(new common.Message(text));
    } else {
      await Promise.all(texts.map((text) => client.sendEvent(new common.Message(text))));
    }
    const events = await readEvents(hub, texts.length);
    expect(events.map(({ body }) => String(body))).toEqual(texts);
  });

  it("gets an error for a message that is too large, and can send again", async () => {
    const hub = await trustedHub();
    const client = await open(hub);
    const sent = client.sendEvent(new common.Message(Buffer.alloc(262_145)));
    await expect(sent).rejects.toMatchObject({ name: expect.stringMatching(/Error$/) });
    const again = await open(hub);
    await again.sendEvent(new common.Message("x"));
    expect(await readEvents(hub, 1)).toHaveLength(1);
  });
});

// sendEventBatch of the other transports fails with NotImplementedError.
describe("azure-iot-device-http, unmodified", () => {
  it("sends a batch, each message with its body and properties", async () => {
    const hub = await trustedHub();
    const client = createSdkHttpDevice(hub, deviceHttp.Http);
    const batch = ["zero", "h\u00e9llo\0", ""].map((text, n) => {
      const message = new common.Message(text);
      message.properties.add("Number", String(n));
      return message;
    });
    await client.sendEventBatch(batch);
    const events = await readEvents(hub, 3);
    expect(events.map(({ body }) => String(body))).toEqual(["zero", "h\u00e9llo\0", ""]);
    expect(events.map(({ properties }) => properties?.Number)).toEqual(["0", "1", "2"]);
    expect(events.map(({ sequenceNumber }) => sequenceNumber)).toEqual([0, 1, 2]);
  });
});

describe("azure-iot-device-amqp, unmodified", () => {
  it("gets MessageTooLargeError and UnauthorizedError by name", async () => {
    const hub = await trustedHub();
    const client = await openSdkDevice(hub, deviceAmqp.Amqp);
    const sent = client.sendEvent(new common.Message(Buffer.alloc(262_145)));
    await expect(sent).rejects.toMatchObject({ name: "MessageTooLargeError" });
    const wrong = hub
      .deviceConnectionString("device1")
      .replace(/SharedAccessKey=.*/, `SharedAccessKey=${Buffer.alloc(32, 7).toString("base64")}`);
    const stranger = device.Client.fromConnectionString(wrong, deviceAmqp.Amqp);
    stranger.setRetryPolicy(new common.NoRetry());
    await stranger.setOptions({ ca: readFileSync(hub.caFile, "utf8") });
    await expect(stranger.open()).rejects.toMatchObject({ name: "UnauthorizedError" });
  });
});
