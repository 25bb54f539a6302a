/** A message whose SDK patch has no effect is not sent, and its sender gets an error. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Mqtt } from "azure-iot-device-mqtt";
import { SenderLink } from "azure-iothub/dist/common-amqp/sender_link.js";
import { expect, onTestFinished, test } from "vitest";

import { connectDevice } from "../../src/client/device/connect-device.ts";
import type { Transport } from "../../src/client/endpoint.ts";
import { connectService } from "../../src/client/service/connect-service.ts";
import {
  parseDeviceConnectionString,
  parseHubConnectionString,
} from "../../src/core/connection-string.ts";
import type { LocalHub } from "../../src/hub/local-hub.ts";
import { startHubForTest } from "../support/local-hub.ts";

const MESSAGE = { system: {}, properties: { a: "1" }, body: Buffer.from("x") };

/** The copy that the device's package has. */
const { SenderLink: DeviceSenderLink } = createRequire(
  createRequire(import.meta.url).resolve("azure-iot-device-amqp"),
)("azure-iot-amqp-base") as { readonly SenderLink: { readonly prototype: object } };

/** Ignores assignments to the method, as if the SDK bypassed the object's property. */
function keepMethod(prototype: object, name: string): void {
  const original = Object.getOwnPropertyDescriptor(prototype, name) ?? {};
  const get = (): unknown => original.value;
  Object.defineProperty(prototype, name, { configurable: true, get, set() {} });
  onTestFinished(() => void Object.defineProperty(prototype, name, original));
}

/** A hub, and the messages and events that it receives. */
async function startWatchedHub(): Promise<{ readonly hub: LocalHub; readonly received: string[] }> {
  const hub = await startHubForTest({ devices: ["device1"] });
  const received: string[] = [];
  hub.subscribe(({ type }) => {
    if (type === "enqueued" || type === "telemetry") received.push(type);
  });
  return { hub, received };
}

async function openDevice(hub: LocalHub, transport: Transport) {
  const connection = await connectDevice({
    connectionString: parseDeviceConnectionString(hub.deviceConnectionString("device1")),
    transport,
    ca: readFileSync(hub.caFile, "utf8"),
    keepAliveSeconds: 60,
    connectTimeoutMs: 60_000,
    isSending: true,
    onDisconnect: () => {},
  });
  return { send: () => connection.sendEvent(MESSAGE), close: () => connection.close() };
}

async function openService(hub: LocalHub) {
  const connection = await connectService({
    signIn: parseHubConnectionString(hub.connectionString),
    transport: "amqp",
    ca: readFileSync(hub.caFile, "utf8"),
    connectTimeoutMs: 60_000,
    onDisconnect: () => {},
  });
  return { send: () => connection.send("device1", MESSAGE), close: () => connection.close() };
}

const SENDERS = [
  ["azure-iothub", SenderLink.prototype, "send", openService],
  [
    "azure-iot-amqp-base",
    DeviceSenderLink.prototype,
    "send",
    (hub: LocalHub) => openDevice(hub, "amqp"),
  ],
  [
    "azure-iot-device-mqtt",
    Mqtt.prototype,
    "_getEventTopicFromMessage",
    (hub: LocalHub) => openDevice(hub, "mqtt"),
  ],
] as const;

test.each(SENDERS)(
  "%s does not send the message if its patch has no effect",
  async (name, prototype, method, open) => {
    keepMethod(prototype, method);
    const { hub, received } = await startWatchedHub();
    const sender = await open(hub);
    await expect(sender.send()).rejects.toMatchObject({
      name: "IncompatiblePackage",
      message: expect.stringMatching(new RegExp(`${name} .*${method} does not`)),
    });
    await sender.close();
    await hub.stop();
    expect(received).toEqual([]);
  },
);

test.each(SENDERS)(
  "%s sends the message if unchanged",
  async (_name, _prototype, _method, open) => {
    const { hub, received } = await startWatchedHub();
    const sender = await open(hub);
    await sender.send();
    await sender.close();
    await hub.stop();
    expect(received).toHaveLength(1);
  },
);
