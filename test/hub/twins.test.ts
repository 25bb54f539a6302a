import type { Twin } from "azure-iot-device";
import { Amqp } from "azure-iot-device-amqp";
import { Mqtt } from "azure-iot-device-mqtt";
import { describe, expect, test } from "vitest";
import { startHubForTest } from "../support/local-hub.ts";
import { publishPacket } from "../support/mqtt-peer.ts";
import { openSdkDevice } from "../support/sdk-device.ts";
import { connectTestDevice, connectTestService } from "../support/test-hub.ts";

async function openDevice(transport: Parameters<typeof openSdkDevice>[1]) {
  const hub = await startHubForTest({ devices: ["device1"] });
  hub.trust();
  return openSdkDevice(hub, transport);
}

// Rule twin-minimal.
describe.each([
  ["MQTT", Mqtt],
  ["AMQP", Amqp],
] as const)("azure-iot-device over %s", (_name, transport) => {
  test("gets an empty twin, reports properties and subscribes to changes", async () => {
    const client = await openDevice(transport);
    const twin: Twin = await client.getTwin();
    expect(twin.properties.desired.$version).toBe(1);
    await new Promise<void>((resolve, reject) => {
      const done = (error?: Error) => (error ? reject(error) : resolve());
      twin.properties.reported.update({ firmware: "1.0" }, done);
    });
    twin.on("properties.desired", () => {});
  });

  test("can register a method", async () => {
    const client = await openDevice(transport);
    client.onDeviceMethod("reboot", () => {});
    expect(await client.getTwin()).toBeDefined();
  });
});

describe("a twin over MQTT", () => {
  test("replies have the id of the request, after the PUBACK of QoS 1", async () => {
    const { peer } = await connectTestDevice();
    await peer.subscribe("$iothub/twin/res/#", 0);
    const publish = (topic: string, qos: 0 | 1) =>
      peer.send(publishPacket({ topic, payload: " ", qos, messageId: 9 }));
    publish("$iothub/twin/GET/?$rid=a-1", 1);
    expect(await peer.next()).toMatchObject({ cmd: "puback", messageId: 9 });
    const got = await peer.nextPublish();
    expect(got.topic).toBe("$iothub/twin/res/200/?$rid=a-1");
    expect(JSON.parse(got.payload.toString())).toEqual({
      desired: { $version: 1 },
      reported: { $version: 1 },
    });
    publish("$iothub/twin/PATCH/properties/reported/?$rid=7", 0);
    expect(await peer.nextPublish()).toMatchObject({
      topic: "$iothub/twin/res/204/?$rid=7&$version=2",
      payload: Buffer.alloc(0),
    });
    publish("$iothub/methods/res/200/?$rid=1", 0);
    await peer.ping();
  });

  test.each(["$iothub/twin/GET", "$iothub/twin/PUT/?$rid=1", "$iothub/other/?$rid=1"])(
    "PUBLISH to %s closes the connection",
    async (topic) => {
      const { peer } = await connectTestDevice();
      peer.send(publishPacket({ topic }));
      await peer.closedSilently();
    },
  );
});

// Rule file-notifications.
describe("the file notification link", () => {
  test("is accepted", async () => {
    const { peer } = await connectTestService();
    const receiver = await peer.openReceiver("/messages/serviceBound/filenotifications");
    expect(receiver.link.is_open()).toBe(true);
  });

  test("requires ServiceConnect", async () => {
    const { peer } = await connectTestService("device");
    await expect(
      peer.openReceiver("/messages/serviceBound/filenotifications"),
    ).rejects.toMatchObject({ condition: "amqp:unauthorized-access" });
  });
});
