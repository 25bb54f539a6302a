/** Events over every device transport, against the local hub. */

import { readFileSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { createDeferred } from "../../../src/async/deferred.ts";
import type {
  Delivery,
  DeviceConnection,
  DeviceConnectOptions,
} from "../../../src/client/connection/device-connection.ts";
import { connectDevice } from "../../../src/client/device/connect-device.ts";
import type { Transport } from "../../../src/client/endpoint.ts";
import { connectService } from "../../../src/client/service/connect-service.ts";
import {
  parseDeviceConnectionString,
  parseHubConnectionString,
} from "../../../src/core/connection-string.ts";
import { MAX_DEVICE_TO_CLOUD_BYTES } from "../../../src/core/limits.ts";
import type { Message } from "../../../src/core/message.ts";
import { type LocalHub, startLocalHub } from "../../../src/hub/local-hub.ts";
import { EventLog } from "../../support/event-log.ts";
import { timersLeftBy } from "../support/timers.ts";

const TRANSPORTS = ["mqtt", "mqtt-ws", "amqp", "amqp-ws", "http"] as const;

interface Setup {
  readonly hub: LocalHub;
  readonly ca: string;
  readonly log: EventLog;
}

async function start(): Promise<Setup> {
  const hub = await startLocalHub({ devices: ["device1"] });
  onTestFinished(() => hub.stop());
  return { hub, ca: readFileSync(hub.caFile, "utf8"), log: new EventLog(hub) };
}

async function connect(
  { hub, ca }: Setup,
  transport: Transport,
  options: Partial<DeviceConnectOptions> = {},
): Promise<DeviceConnection> {
  const connection = await connectDevice({
    connectionString: parseDeviceConnectionString(hub.deviceConnectionString("device1")),
    ca,
    transport,
    isSending: true,
    keepAliveSeconds: 180,
    connectTimeoutMs: 10_000,
    pollIntervalMs: 20,
    onDisconnect: () => {},
    ...options,
  });
  onTestFinished(() => connection.close());
  return connection;
}

async function sendToDevice({ hub, ca }: Setup, messageId: string): Promise<void> {
  const service = await connectService({
    signIn: parseHubConnectionString(hub.connectionString),
    transport: "amqp",
    ca,
    connectTimeoutMs: 10_000,
    onDisconnect: () => {},
  });
  await service.send("device1", message(messageId));
  await service.close();
}

const message = (messageId: string, parts: Partial<Message> = {}): Message => ({
  system: { messageId },
  properties: {},
  body: Buffer.from("{}"),
  ...parts,
});

const idsIn = (log: EventLog): unknown[] => log.of("telemetry").map(({ messageId }) => messageId);

describe.each(TRANSPORTS)("over %s", (transport) => {
  it("each event is confirmed once, after the hub stored it", async () => {
    const setup = await start();
    const device = await connect(setup, transport);
    const ids = Array.from({ length: 100 }, (_, n) => `m${n}`);
    const confirmed = await Promise.all(
      ids.map(async (id) => {
        await device.sendEvent(message(id));
        return idsIn(setup.log).includes(id);
      }),
    );
    expect(confirmed).toEqual(ids.map(() => true));
    expect(idsIn(setup.log).sort()).toEqual([...ids].sort());
  });

  it("a message larger than 256 KB is refused, and the connection continues", async () => {
    const setup = await start();
    const device = await connect(setup, transport);
    const body = Buffer.alloc(MAX_DEVICE_TO_CLOUD_BYTES);
    await expect(device.sendEvent(message("m1", { body }))).rejects.toMatchObject({
      name: "MessageTooLarge",
      hint: expect.stringContaining("256 KB"),
    });
    await device.sendEvent(message("m2", { body: body.subarray(100) }));
    expect(idsIn(setup.log)).toEqual(["m2"]);
  });

  it("a device that only sends receives no message, even if it subscribed before", async () => {
    const setup = await start();
    const before = await connect(setup, transport, { onDelivery: () => {} });
    await before.close();
    const device = await connect(setup, transport);
    await sendToDevice(setup, "for a listener");
    await device.sendEvent(message("m1"));
    await device.close();
    expect(setup.log.of("delivered")).toEqual([]);
    const delivery = createDeferred<Delivery>();
    await connect(setup, transport, { onDelivery: delivery.resolve });
    expect((await delivery.promise).message.system.messageId).toBe("for a listener");
    expect(setup.log.of("delivered")).toMatchObject([{ deliveryCount: 0 }]);
  });

  it("a device sends and listens on one connection", async () => {
    const setup = await start();
    const delivery = createDeferred<Delivery>();
    const device = await connect(setup, transport, { onDelivery: delivery.resolve });
    await device.sendEvent(message("m1"));
    await sendToDevice(setup, "to the device");
    await (await delivery.promise).settle("complete");
    await device.sendEvent(message("m2"));
    expect(idsIn(setup.log)).toEqual(["m1", "m2"]);
    await setup.log.reached("settled");
  });

  it("after the connection ends, nothing is sent and nothing reconnects", async () => {
    const setup = await start();
    const device = await connect(setup, transport);
    await device.sendEvent(message("m1"));
    const connections = setup.log.of("deviceConnected").length;
    await device.close();
    await expect(device.sendEvent(message("m2"))).rejects.toMatchObject({
      name: "ConnectionLost",
    });
    expect(idsIn(setup.log)).toEqual(["m1"]);
    expect(setup.log.of("deviceConnected")).toHaveLength(connections);
  });

  it("closing with events in flight leaves no timer", async () => {
    const setup = await start();
    const timers = await timersLeftBy(async () => {
      const device = await connect(setup, transport);
      const sent = Promise.allSettled(["m1", "m2"].map((id) => device.sendEvent(message(id))));
      await device.close();
      await sent;
    });
    expect(timers).toEqual([]);
  });
});
