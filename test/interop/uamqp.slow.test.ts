/** Sending and feedback with uamqp, called as `az iot` and azure-iot-hub for Python call it. */

import { describe, expect, test } from "vitest";
import { DEVICE, startInteropHub } from "./support/interop-hub.ts";
import { findPythonModule } from "./support/python-program.ts";
import { receiveOne } from "./support/rest-device.ts";

const uamqp = findPythonModule("uamqp", "python3-uamqp");

describe.skipIf(!uamqp.isInstalled)("uamqp", () => {
  // Rules amqp-sign-in, amqp-cbs, feedback-record.
  test.each(["az", "azure-iot-hub"])("sends as %s does, and reads feedback", async (whose) => {
    const interop = await startInteropHub();
    const service = uamqp.start("uamqp_service.py", [whose], interop);
    expect(await service.reported("sent")).toMatchObject({ states: ["SendComplete"] });
    expect(await receiveOne(interop)).toMatchObject({
      headers: { "iothub-messageid": "m1", "iothub-ack": "full", "iothub-app-color": "red" },
      body: "hello",
    });
    expect(await service.reported("feedback")).toMatchObject({
      records: [{ originalMessageId: "m1", deviceId: DEVICE, statusCode: "Success" }],
    });
    expect((await service.ended).code).toBe(0);
  });
});
