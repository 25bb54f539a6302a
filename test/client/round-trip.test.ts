/** Device and service together, over every pair of transports, against the local hub. */

import { readFileSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { createDeferred } from "../../src/async/deferred.ts";
import type {
  Delivery,
  DeviceConnection,
  DeviceConnectOptions,
} from "../../src/client/connection/device-connection.ts";
import { connectDevice } from "../../src/client/device/connect-device.ts";
import { keepConnected, type LossCause } from "../../src/client/device/keep-connected.ts";
import type { Transport } from "../../src/client/endpoint.ts";
import { connectService } from "../../src/client/service/connect-service.ts";
import { FeedbackTracker } from "../../src/client/service/feedback-tracker.ts";
import { sendAll } from "../../src/client/service/sender.ts";
import type {
  ServiceConnection,
  ServiceTransport,
} from "../../src/client/service/service-connection.ts";
import {
  parseDeviceConnectionString,
  parseHubConnectionString,
} from "../../src/core/connection-string.ts";
import { type LocalHub, startLocalHub } from "../../src/hub/local-hub.ts";
import type { LocalHubOptions } from "../../src/hub/local-hub-options.ts";

interface Setup {
  readonly hub: LocalHub;
  readonly ca: string;
}

async function start(options: LocalHubOptions = {}): Promise<Setup> {
  const hub = await startLocalHub({ devices: ["device1"], feedbackIntervalMs: 10, ...options });
  onTestFinished(() => hub.stop());
  return { hub, ca: readFileSync(hub.caFile, "utf8") };
}

function deviceOptions(
  { hub, ca }: Setup,
  transport: Transport = "mqtt",
): Omit<DeviceConnectOptions, "onDelivery" | "onDisconnect"> {
  return {
    connectionString: parseDeviceConnectionString(hub.deviceConnectionString("device1")),
    transport,
    ca,
    keepAliveSeconds: 180,
    connectTimeoutMs: 10_000,
  };
}

async function listen(
  setup: Setup,
  transport: Transport,
  onDelivery: (delivery: Delivery) => void,
): Promise<DeviceConnection> {
  const device = await connectDevice({
    ...deviceOptions(setup, transport),
    onDelivery,
    onDisconnect: (error) => expect.unreachable(error.message),
  });
  onTestFinished(() => device.close());
  return device;
}

async function serve(
  { hub, ca }: Setup,
  transport: ServiceTransport = "amqp",
): Promise<ServiceConnection> {
  const service = await connectService({
    signIn: parseHubConnectionString(hub.connectionString),
    transport,
    ca,
    connectTimeoutMs: 10_000,
    onDisconnect: (error) => expect.unreachable(error.message),
  });
  onTestFinished(() => service.close());
  return service;
}

function planned(count: number) {
  return Array.from({ length: count }, (_, n) => ({
    deviceId: "device1",
    message: {
      system: { messageId: `m${n}`, ack: "full" as const },
      properties: {},
      body: Buffer.from(`body ${n}`),
    },
  }));
}

describe.each([
  ["mqtt", "amqp"],
  ["mqtt-ws", "amqp-ws"],
] as const)("over %s and %s", (deviceTransport, serviceTransport) => {
  it("200 messages pass through a queue of 50, and their feedback is matched", async () => {
    const setup = await start();
    const service = await serve(setup, serviceTransport);
    const messages = planned(200);
    const everyRecord = createDeferred<void>();
    let records = 0;
    const tracker = new FeedbackTracker(() => {
      records += 1;
      if (records === messages.length) everyRecord.resolve();
    });
    await service.openFeedback((batch) => tracker.add(batch, Date.now()));
    for (const { message } of messages) tracker.expect("device1", message.system.messageId);
    const read: (string | undefined)[] = [];
    await listen(setup, deviceTransport, (delivery) => {
      read.push(delivery.message.system.messageId);
      void delivery.settle("complete");
    });
    const reported: string[] = [];
    await sendAll({
      connection: service,
      messages: messages.map(({ deviceId, message }) => ({ deviceId, make: () => message })),
      onEvent: (event) => {
        reported.push(event.type);
        if (event.type !== "sent") return;
        const { messageId = "" } = event.outgoing.message.system;
        tracker.accepted("device1", messageId, event.acceptedAtMs);
      },
      onQueueFull: "wait",
      timeoutMs: 20_000,
      intervalMs: 0,
      signal: new AbortController().signal,
    });
    expect(reported.filter((type) => type === "sent")).toHaveLength(200);
    expect(reported).not.toContain("failed");
    await everyRecord.promise;
    expect([...read].sort()).toEqual(messages.map((one) => one.message.system.messageId).sort());
  });
});

it("the first of two listeners for one device gives up", async () => {
  const setup = await start();
  const controller = new AbortController();
  const isReady = createDeferred<void>();
  const causes: LossCause[][] = [[], []];
  const run = (index: number): Promise<void> =>
    keepConnected({
      connect: (handlers) => connectDevice({ ...deviceOptions(setup), ...handlers }),
      signal: controller.signal,
      reconnect: true,
      // The shortest back-off, to end the conflict soon.
      random: () => 0.1,
      onEvent(event) {
        if (event.type === "ready") isReady.resolve();
        if (event.type === "disconnected") causes[index]?.push(event.cause);
      },
    });
  const first = run(0);
  await isReady.promise;
  const second = run(1);
  await expect(first).rejects.toMatchObject({ name: "ConnectionForcefullyClosedOnNewConnection" });
  expect(causes[0]).toContain("maybeTakenOver");
  controller.abort();
  await second;
});
