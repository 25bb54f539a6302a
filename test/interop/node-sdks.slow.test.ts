/** Azure's Node.js SDKs, unmodified, on the ports that they fix, and by other names of the hub. */

import { join } from "node:path";
import { type Message as DeviceMessage, Message, NoRetry } from "azure-iot-common";
import { Client } from "azure-iot-device";
import { Amqp } from "azure-iot-device-amqp";
import { Mqtt } from "azure-iot-device-mqtt";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseLines } from "../cli/support/run-executable.ts";
import { Inbox } from "../support/inbox.ts";
import {
  connectService,
  DEVICE,
  type InteropHub,
  startInteropHub,
  startProgram,
} from "./support/interop-hub.ts";
import { canHaveStandardPorts, startStandardHub } from "./support/standard-ports.ts";

/** Runs a program that is configured by its environment, to its end. */
async function run(interop: InteropHub, file: string, ...args: readonly string[]) {
  const path = join(import.meta.dirname, "node", file);
  const { code, stdout, stderr } = await startProgram("node", [path, ...args], interop).ended;
  if (code !== 0) throw new Error(`${file} ended with ${code}:\n${stdout}\n${stderr}`);
  return parseLines(stdout);
}

describe.skipIf(!(await canHaveStandardPorts()))("on the standard ports", () => {
  // Rules web-socket, c2d-states, d2c-mqtt, d2c-amqp, d2c-https.
  test.each([
    ["Mqtt", "Amqp"],
    ["MqttWs", "AmqpWs"],
    ["Amqp", "Amqp"],
    ["AmqpWs", "AmqpWs"],
    ["Http", "Amqp"],
  ])("a device over %s and a service over %s", async (deviceTransport, serviceTransport) => {
    const interop = await startStandardHub();
    expect(await run(interop, "round-trip.cjs", deviceTransport, serviceTransport)).toMatchObject([
      { type: "message", messageId: "m1", body: "hello" },
      { type: "feedback", records: [{ originalMessageId: "m1", statusCode: "Success" }] },
      { type: "telemetry" },
    ]);
    expect(interop.log.of("telemetry")).toMatchObject([{ deviceId: DEVICE, messageId: "t1" }]);
  });

  // Rules registry-create, registry-update, registry-delete, registry-bulk, https-query, https-error.
  test("the registry", async () => {
    const interop = await startStandardHub();
    expect(await run(interop, "registry.cjs")).toMatchObject([
      { type: "created", deviceId: "new", key: expect.stringMatching(/^.{43}=$/) },
      { type: "again", error: "DeviceAlreadyExistsError" },
      { type: "updated", status: "disabled" },
      { type: "listed", deviceIds: [DEVICE, "new"] },
      { type: "added", isSuccessful: true },
      {
        type: "queried",
        pages: [
          ["a", "b"],
          [DEVICE, "new"],
        ],
      },
      { type: "counted", totalDeviceCount: 4, enabledDeviceCount: 3, disabledDeviceCount: 1 },
      { type: "missing", error: "DeviceNotFoundError" },
    ]);
  });
});

describe.each([
  ["Mqtt", Mqtt],
  ["Amqp", Amqp],
])("a device on %s, by another name of the hub", (_name, transport) => {
  // Rules mqtt-user-name, sas-scope.
  test.each(["my.azure-devices.net", "hub.localhost"])("%s, through a gateway", async (name) => {
    const interop = await startInteropHub({ hostNames: ["my.azure-devices.net"] });
    interop.hub.trust();
    const { hostName } = interop.hub;
    const text = interop.hub
      .deviceConnectionString(DEVICE)
      .replace(`HostName=${hostName}`, `HostName=${name};GatewayHostName=${hostName}`);
    const client = Client.fromConnectionString(text, transport);
    client.setRetryPolicy(new NoRetry());
    onTestFinished(async () => {
      await client.close();
    });
    await client.open();
    const messages = new Inbox<DeviceMessage>();
    client.on("message", (message: DeviceMessage) => messages.push(message));
    const service = await connectService(interop);
    await service.send(DEVICE, { messageId: "m1", body: Buffer.from("hello") });
    const message = await messages.next();
    expect(message.messageId).toBe("m1");
    await client.complete(message);
    await client.sendEvent(new Message("x"));
    expect(interop.log.of("telemetry")).toHaveLength(1);
  });
});

test("a name that is not the hub's is refused", async () => {
  const interop = await startInteropHub();
  interop.hub.trust();
  const { hostName } = interop.hub;
  const text = interop.hub
    .deviceConnectionString(DEVICE)
    .replace(`HostName=${hostName}`, `HostName=my.azure-devices.net;GatewayHostName=${hostName}`);
  const client = Client.fromConnectionString(text, Mqtt);
  client.setRetryPolicy(new NoRetry());
  await expect(client.open()).rejects.toMatchObject({ name: "UnauthorizedError" });
});
