/** A service, a device and an event reader with Apache Qpid Proton for Python. */

import { describe, expect, test } from "vitest";
import { parseLines } from "../cli/support/run-executable.ts";
import type { ServiceClient } from "../contract/service-client.ts";
import { createX509Device } from "./support/certificates.ts";
import { readEvents } from "./support/event-reader.ts";
import { connectService, DEVICE, startInteropHub } from "./support/interop-hub.ts";
import { findPythonModule } from "./support/python-program.ts";

const proton = findPythonModule("proton", "python3-qpid-proton");

const SAS_MECHANISMS = ["PLAIN", "CBS"];

async function sendTo(service: ServiceClient, messageId: string): Promise<void> {
  const fields = { correlationId: "c1", userId: "me", contentType: "text/plain" };
  const body = Buffer.from(`body of ${messageId}`);
  await service.send(DEVICE, { ...fields, messageId, body, ack: "full", properties: { k: "v" } });
}

describe.skipIf(!proton.isInstalled)("a service with Proton", () => {
  // Rules amqp-sign-in, amqp-cbs, amqp-outcome, feedback-record.
  test.each(SAS_MECHANISMS)("sends and reads feedback, signed in with %s", async (mechanism) => {
    const interop = await startInteropHub();
    const service = proton.start("proton_service.py", [mechanism, DEVICE, "nobody"], interop);
    expect(await service.reported("sent")).toMatchObject({ messageId: "m0" });
    expect(await service.reported("refused")).toMatchObject({ messageId: "m1", state: "REJECTED" });
    const device = proton.start("proton_device.py", ["CBS", "accept"], interop);
    expect(await device.reported("message")).toMatchObject({
      messageId: "m0",
      correlationId: "c0",
      userId: "me",
      contentType: "application/json",
      properties: { color: "grün", "iothub-ack": "full" },
      body: '{"n":0}',
    });
    expect(await service.reported("feedback")).toMatchObject({
      contentType: "application/vnd.microsoft.iothub.feedback.json",
      records: [
        {
          originalMessageId: "m0",
          deviceId: DEVICE,
          statusCode: "Success",
          description: "Success",
          enqueuedTimeUtc: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        },
      ],
    });
    expect(await service.ended).toMatchObject({ code: 0, stderr: "" });
  });
});

describe.skipIf(!proton.isInstalled)("a device with Proton", () => {
  // Rules amqp-settle, amqp-message, c2d-delivery-count, c2d-reject.
  test("settles messages with every outcome", async () => {
    const interop = await startInteropHub();
    const service = await connectService(interop);
    const outcomes = ["release", "modify", "accept", "reject"];
    const device = proton.start("proton_device.py", ["CBS", ...outcomes], interop);
    await sendTo(service, "m1");
    for (const deliveryCount of [0, 1, 2]) {
      expect(await device.reported("message")).toMatchObject({
        messageId: "m1",
        correlationId: "c1",
        userId: "me",
        contentType: "text/plain",
        to: `/devices/${DEVICE}/messages/devicebound`,
        deliveryCount,
        properties: { k: "v", "iothub-ack": "full" },
        body: "body of m1",
      });
    }
    expect((await service.feedback.reached("m1")).statusCode).toBe("Success");
    await sendTo(service, "m2");
    expect(await device.reported("message")).toMatchObject({ messageId: "m2", deliveryCount: 0 });
    expect(await device.ended).toMatchObject({ code: 0, stderr: "" });
    expect((await service.feedback.reached("m2")).statusCode).toBe("Rejected");
  });

  // Rules amqp-sign-in, d2c-amqp.
  test.each(SAS_MECHANISMS)("drains its link and sends, signed in with %s", async (mechanism) => {
    const interop = await startInteropHub();
    const device = proton.start("proton_device.py", [mechanism], interop);
    expect(await device.reported("drained")).toMatchObject({ waiting: 0 });
    expect(await device.ended).toMatchObject({ code: 0, stderr: "" });
    expect(await readEvents(interop, 1)).toMatchObject([
      {
        deviceId: DEVICE,
        messageId: "t1",
        contentType: "application/json",
        properties: { k: "v" },
        body: '{"x":1}',
      },
    ]);
  });

  // Rule x509-sign-in.
  test("receives and sends, signed in with EXTERNAL and its certificate", async () => {
    const interop = await startInteropHub();
    const { certFile, keyFile } = await createX509Device(interop, "x509-device");
    const service = await connectService(interop);
    await service.send("x509-device", { messageId: "m1", userId: "me", body: Buffer.from("x") });
    const device = proton.start("proton_device.py", ["EXTERNAL", "accept"], interop, {
      IOTHUB_DEVICE_CONNECTION_STRING: `HostName=${interop.hub.hostName};DeviceId=x509-device;x509=true`,
      PATH_TO_CERTIFICATE_FILE: certFile,
      PATH_TO_KEY_FILE: keyFile,
    });
    expect(await device.ended).toMatchObject({ code: 0, stderr: "" });
    expect(await readEvents(interop, 1)).toMatchObject([{ deviceId: "x509-device" }]);
  });
});

describe.skipIf(!proton.isInstalled)("an event reader with Proton", () => {
  // Rules event-address, event-management, event-position.
  test.each(SAS_MECHANISMS)(
    "reads from the given position, signed in with %s",
    async (mechanism) => {
      const interop = await startInteropHub();
      for (const _ of [0, 1]) {
        await proton.start("proton_device.py", ["CBS"], interop).ended;
      }
      const { partitionId } = await interop.log.reached("telemetry", 2);
      const sequenceNumbersOf = async (...selectors: readonly string[]): Promise<unknown[]> => {
        const args = [mechanism, partitionId, ...selectors];
        const reader = proton.start("proton_events.py", args, interop);
        const { code, stdout, stderr } = await reader.ended;
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        const [description, ...events] = parseLines(stdout);
        expect(description).toMatchObject({ name: "messages", partitionIds: ["0", "1", "2", "3"] });
        return events.map(({ sequenceNumber }) => sequenceNumber);
      };
      expect(await sequenceNumbersOf()).toEqual([0, 1]);
      expect(await sequenceNumbersOf("amqp.annotation.x-opt-sequence-number > '0'")).toEqual([1]);
      expect(await sequenceNumbersOf("amqp.annotation.x-opt-offset >= '-1'")).toEqual([0, 1]);
      expect(await sequenceNumbersOf("amqp.annotation.x-opt-offset > '@latest'")).toEqual([]);
      const future = Date.now() + 60_000;
      expect(await sequenceNumbersOf(`amqp.annotation.x-opt-enqueuedtimeutc > ${future}`)).toEqual(
        [],
      );
      expect(await sequenceNumbersOf("amqp.annotation.x-opt-enqueued-time > '0'")).toEqual([0, 1]);
    },
  );
});
