/** Reads a hub's events as az does, with its AMQP library. */

import common from "azure-iot-common";
import deviceMqtt from "azure-iot-device-mqtt";
import { describe, expect, test } from "vitest";
import { openSdkDevice } from "../support/sdk-device.ts";
import { startInteropHub } from "./support/interop-hub.ts";
import { findPythonModule } from "./support/python-program.ts";

const uamqp = findPythonModule("uamqp", "python3-uamqp");

describe.skipIf(!uamqp.isInstalled)("az iot hub monitor-events", () => {
  // Rules event-redirect, event-management, event-position, event-message.
  test("follows the redirect, gets partitions, and reads events from a point in time", async () => {
    const interop = await startInteropHub();
    interop.hub.trust();
    const device = await openSdkDevice(interop.hub, deviceMqtt.Mqtt);
    await device.sendEvent(new common.Message("before"));
    const sinceMs = Date.now() + 1;
    while (Date.now() <= sinceMs) await new Promise((resolve) => setTimeout(resolve, 1));
    const message = new common.Message(JSON.stringify({ temperature: 21 }));
    Object.assign(message, { messageId: "m1", contentType: "application/json" });
    message.properties.add("alert", "true");
    await device.sendEvent(message);
    const az = uamqp.start("az_monitor_events.py", [String(sinceMs)], interop);
    const { port } = interop.endpoint;
    expect(await az.reported("redirect")).toMatchObject({
      hostName: "localhost",
      port,
      address: `amqps://localhost:${port}/messages/$management`,
    });
    expect(await az.reported("eventHub")).toMatchObject({
      partitionCount: 4,
      partitionIds: ["0", "1", "2", "3"],
    });
    expect(await az.reported("event")).toMatchObject({
      body: '{"temperature":21}',
      messageId: "m1",
      contentType: "application/json",
      properties: { alert: "true" },
      annotations: {
        "iothub-connection-device-id": "device1",
        "iothub-message-source": "Telemetry",
        "x-opt-sequence-number": 1,
      },
    });
    await az.reported("end");
    expect((await az.ended).code).toBe(0);
  });
});
