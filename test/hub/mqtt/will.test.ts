import { describe, expect, test } from "vitest";
import { storedEvents } from "../../support/stored-events.ts";
import { createTestHub } from "../../support/test-hub.ts";

const will = {
  topic: "devices/device1/messages/events/$.mid=last&a=b",
  payload: Buffer.from("gone"),
  qos: 1 as const,
  retain: false,
};

// Rule mqtt-will.
describe("a will", () => {
  test("is sent as telemetry when the connection is lost", async () => {
    const hub = await createTestHub();
    const { peer } = await hub.connectDevice("device1", { will });
    peer.destroy();
    await hub.log.reached("telemetry");
    expect(storedEvents(hub.deviceToCloud).map(({ payload }) => payload)).toMatchObject([
      {
        deviceId: "device1",
        telemetry: {
          system: { messageId: "last" },
          properties: { a: "b", "iothub-MessageType": "Will" },
          body: Buffer.from("gone"),
        },
      },
    ]);
  });

  test("is sent when the client times out, and when another client replaces it", async () => {
    const hub = await createTestHub();
    await hub.connectDevice("device1", { will, keepalive: 10 });
    hub.clock.advance(15_000);
    await hub.log.reached("telemetry", 1);
    await hub.connectDevice("device1", { will });
    await hub.connectDevice("device1");
    await hub.log.reached("telemetry", 2);
  });

  test("is discarded on DISCONNECT", async () => {
    const hub = await createTestHub();
    const { peer } = await hub.connectDevice("device1", { will });
    peer.send({ cmd: "disconnect" });
    await hub.log.reached("deviceDisconnected");
    expect(storedEvents(hub.deviceToCloud)).toEqual([]);
  });

  test("is sent once", async () => {
    const hub = await createTestHub();
    const { peer } = await hub.connectDevice("device1", { will });
    peer.send({ cmd: "pubrel", messageId: 1 });
    await peer.closed;
    peer.destroy();
    await hub.log.reached("telemetry");
    await hub.connectDevice("device1");
    expect(storedEvents(hub.deviceToCloud)).toHaveLength(1);
  });

  test.each(["devices/device2/messages/events/", "elsewhere", "$iothub/twin/GET/?$rid=1"])(
    "to %s makes the hub refuse the connection",
    async (topic) => {
      const hub = await createTestHub();
      const { peer } = hub.mqtt();
      const connack = await peer.connect(hub.signIn("device1", { will: { ...will, topic } }));
      expect(connack.returnCode).toBe(3);
      await peer.closed;
      expect(storedEvents(hub.deviceToCloud)).toEqual([]);
    },
  );
});
