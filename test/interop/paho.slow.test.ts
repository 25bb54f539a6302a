/** A device on plain MQTT, with Eclipse Paho for Python. */

import { describe, expect, test } from "vitest";
import { createX509Device } from "./support/certificates.ts";
import { readEvents } from "./support/event-reader.ts";
import { connectService, DEVICE, type InteropHub, startInteropHub } from "./support/interop-hub.ts";
import { findPythonModule } from "./support/python-program.ts";

const paho = findPythonModule("paho.mqtt.client", "python3-paho-mqtt");

const PROGRAM = "paho_device.py";

describe.skipIf(!paho.isInstalled)("a device with Paho", () => {
  // Rules d2c-mqtt, mqtt-puback, mqtt-properties, twin-minimal, web-socket.
  test.each(["tcp", "websockets"])("sends, receives and gets its twin over %s", async (how) => {
    const interop = await startInteropHub();
    const service = await connectService(interop);
    const device = paho.start(PROGRAM, [how, "1"], interop);
    expect(await device.reported("connected")).toMatchObject({ rc: 0, sessionPresent: 0 });
    expect(await device.reported("subscribed")).toMatchObject({ qos: [1, 0] });
    expect(await device.reported("message")).toMatchObject({
      topic: "$iothub/twin/res/200/?$rid=7",
      body: '{"desired":{"$version":1},"reported":{"$version":1}}',
    });
    await service.send(DEVICE, {
      messageId: "c2d-1",
      body: Buffer.from("hello"),
      ack: "full",
      properties: { color: "rot & grün" },
    });
    expect(await device.reported("message")).toMatchObject({
      topic: expect.stringMatching(
        /^devices\/device1\/messages\/devicebound\/.*%24\.mid=c2d-1.*color=rot%20%26%20gr%C3%BCn/,
      ),
      body: "hello",
      qos: 1,
    });
    expect((await device.ended).code).toBe(0);
    expect((await service.feedback.reached("c2d-1")).statusCode).toBe("Success");
    expect(await readEvents(interop, 1)).toMatchObject([
      {
        deviceId: DEVICE,
        messageId: "m1",
        contentType: "application/json",
        properties: { k: "v/1" },
        body: '{"id":123}',
      },
    ]);
  });

  // Rule mqtt-session.
  test("resumes its session, with messages sent in the meantime", async () => {
    const interop = await startInteropHub();
    const service = await connectService(interop);
    for (const [run, sessionPresent] of [0, 1].entries()) {
      await service.send(DEVICE, { messageId: `m${run}`, body: Buffer.from(`run ${run}`) });
      const device = paho.start(PROGRAM, ["tcp", "1"], interop);
      expect(await device.reported("connected")).toMatchObject({ rc: 0, sessionPresent });
      expect((await device.ended).stdout).toContain(`"body": "run ${run}"`);
    }
  });

  // Rule x509-sign-in.
  test("signs in with a certificate", async () => {
    const interop = await startInteropHub();
    const variables = await x509Variables(interop);
    const service = await connectService(interop);
    await service.send("x509-device", { messageId: "m1", body: Buffer.from("hello") });
    const device = paho.start(PROGRAM, ["tcp", "1"], interop, variables);
    expect((await device.ended).code).toBe(0);
    expect(interop.log.of("settled")).toMatchObject([{ deviceId: "x509-device" }]);
  });

  // Rule mqtt-connack.
  test("gets return code 5 for a wrong key", async () => {
    const interop = await startInteropHub();
    const key = Buffer.alloc(32, 7).toString("base64");
    const wrong = interop.env.IOTHUB_DEVICE_CONNECTION_STRING?.replace(
      /SharedAccessKey=.*/,
      `SharedAccessKey=${key}`,
    );
    const variables = { IOTHUB_DEVICE_CONNECTION_STRING: wrong ?? "" };
    const device = paho.start(PROGRAM, ["tcp", "1"], interop, variables);
    expect(await device.reported("connected")).toMatchObject({ rc: 5 });
  });
});

async function x509Variables(interop: InteropHub): Promise<Record<string, string>> {
  const { certFile, keyFile } = await createX509Device(interop, "x509-device");
  return {
    IOTHUB_DEVICE_CONNECTION_STRING: `HostName=${interop.hub.hostName};DeviceId=x509-device;x509=true`,
    PATH_TO_CERTIFICATE_FILE: certFile,
    PATH_TO_KEY_FILE: keyFile,
  };
}
