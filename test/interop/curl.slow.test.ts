/** The REST endpoints, with curl. */

import { describe, expect, test } from "vitest";
import { eventually } from "../contract/eventually.ts";
import { createX509Device, writeOtherAuthority } from "./support/certificates.ts";
import { type CurlReply, curl, curlTo, withJson, withToken } from "./support/curl.ts";
import { readEvents } from "./support/event-reader.ts";
import { hasProgram } from "./support/external-program.ts";
import {
  connectService,
  DEVICE,
  deviceToken,
  type InteropHub,
  ownerToken,
  startInteropHub,
} from "./support/interop-hub.ts";

const isInstalled = hasProgram("curl", { name: "curl", aptPackage: "curl" });

const DEVICEBOUND = `/devices/${DEVICE}/messages/devicebound`;
const EVENTS = `/devices/${DEVICE}/messages/events`;
const FEEDBACK = "/messages/serviceBound/feedback";

/** As the device. */
function asDevice(interop: InteropHub, url: string, ...args: readonly string[]) {
  return curl(interop, url, ...withToken(deviceToken(interop)), ...args);
}

/** As the hub's owner. */
function asOwner(interop: InteropHub, url: string, ...args: readonly string[]) {
  return curl(interop, url, ...withToken(ownerToken(interop)), ...args);
}

function putDevice(interop: InteropHub, deviceId: string, ...args: readonly string[]) {
  const json = withJson({ deviceId, status: "enabled" });
  return asOwner(interop, `/devices/${deviceId}`, "--request", "PUT", ...json, ...args);
}

function lockTokenOf({ headers }: CurlReply): string {
  return /^"(.+)"$/.exec(headers.etag ?? "")?.[1] ?? "";
}

function header(name: string, value: string): readonly string[] {
  return ["--header", `${name}: ${value}`];
}

describe.skipIf(!isInstalled)("a device with curl", () => {
  // Rules https-receive, https-settle, c2d-lock-lost.
  test("receives, abandons, rejects and completes", async () => {
    const interop = await startInteropHub();
    const service = await connectService(interop);
    for (const messageId of ["m1", "m2"]) {
      await service.send(DEVICE, {
        messageId,
        ack: "full",
        contentType: "text/plain",
        properties: { color: "red" },
        body: Buffer.from(`body of ${messageId}`),
      });
    }
    const first = await asDevice(interop, DEVICEBOUND);
    expect(first).toMatchObject({
      status: 200,
      headers: {
        "iothub-messageid": "m1",
        "iothub-deliverycount": "0",
        "iothub-sequencenumber": "1",
        "iothub-to": DEVICEBOUND,
        "iothub-ack": "full",
        "iothub-app-color": "red",
        contenttype: "text/plain",
      },
      body: "body of m1",
    });
    const abandon = `${DEVICEBOUND}/${lockTokenOf(first)}/abandon`;
    expect((await asDevice(interop, abandon, "--request", "POST")).status).toBe(204);
    expect((await asDevice(interop, abandon, "--request", "POST")).status).toBe(412);
    const again = await asDevice(interop, DEVICEBOUND);
    expect(again.headers).toMatchObject({ "iothub-messageid": "m1", "iothub-deliverycount": "1" });
    const ifMatch = header("If-Match", again.headers.etag ?? "");
    const complete = `${DEVICEBOUND}/${lockTokenOf(again)}`;
    expect(await asDevice(interop, complete, "--request", "DELETE", ...ifMatch)).toMatchObject({
      status: 204,
      body: "",
    });
    const second = await asDevice(
      interop,
      DEVICEBOUND,
      ...header("IotHub-MessageLockTimeout", "60"),
    );
    const reject = `${DEVICEBOUND}/${lockTokenOf(second)}?reject=`;
    expect((await asDevice(interop, reject, "--request", "DELETE")).status).toBe(204);
    expect(await asDevice(interop, DEVICEBOUND)).toMatchObject({ status: 204, body: "" });
    expect((await service.feedback.reached("m1")).statusCode).toBe("Success");
    expect((await service.feedback.reached("m2")).statusCode).toBe("Rejected");
  });

  // Rule d2c-https.
  test("sends a message", async () => {
    const interop = await startInteropHub();
    const sent = await asDevice(
      interop,
      EVENTS,
      ...["--data-binary", '{"x":1}'],
      ...header("iothub-messageid", "t1"),
      ...header("iothub-contenttype", "application/json"),
      ...header("iothub-contentencoding", "utf-8"),
      ...header("iothub-app-Color", "red"),
    );
    expect(sent).toMatchObject({ status: 204, body: "" });
    expect(await readEvents(interop, 1)).toMatchObject([
      {
        deviceId: DEVICE,
        messageId: "t1",
        contentType: "application/json",
        properties: { Color: "red" },
        body: '{"x":1}',
      },
    ]);
  });

  // Rule d2c-https-batch.
  test("sends a batch", async () => {
    const interop = await startInteropHub();
    const batch = ["one", "two"].map((text) => ({
      body: Buffer.from(text).toString("base64"),
      properties: { "iothub-app-text": text },
    }));
    const sent = await asDevice(
      interop,
      EVENTS,
      ...header("Content-Type", "application/vnd.microsoft.iothub.json"),
      ...["--data-binary", JSON.stringify(batch)],
    );
    expect(sent.status).toBe(204);
    expect(await readEvents(interop, 2)).toMatchObject([
      { body: "one", properties: { text: "one" } },
      { body: "two", properties: { text: "two" } },
    ]);
  });

  // Rule x509-sign-in.
  test("signs in with its certificate alone", async () => {
    const interop = await startInteropHub();
    const { certFile, keyFile } = await createX509Device(interop, "x509-device");
    const url = "/devices/x509-device/messages/devicebound";
    expect((await curl(interop, url, "--cert", certFile, "--key", keyFile)).status).toBe(204);
    expect((await curl(interop, url)).status).toBe(401);
  });

  // Rule policy-permissions.
  test("can use the owner's token for the device, as az does", async () => {
    const interop = await startInteropHub();
    const token = ownerToken(interop, `localhost/devices/${DEVICE}`);
    expect((await curl(interop, DEVICEBOUND, ...withToken(token))).status).toBe(204);
    expect((await curl(interop, "/devices", ...withToken(token))).status).toBe(401);
  });

  // Rule https-error.
  test("gets the reason for a refusal", async () => {
    const interop = await startInteropHub();
    const token = deviceToken(interop).replace(/sig=[^&]*/, "sig=AAAA");
    const reply = await curl(interop, DEVICEBOUND, ...withToken(token));
    expect(reply).toMatchObject({
      status: 401,
      headers: { "iothub-errorcode": "IotHubUnauthorized" },
    });
    expect(JSON.parse(reply.body).Message).toMatch(/^ErrorCode:IotHubUnauthorized;/);
  });
});

describe.skipIf(!isInstalled)("the owner of a hub with curl", () => {
  // Rules registry-create, registry-update, registry-delete.
  test("creates, updates and deletes a device, by its etag", async () => {
    const interop = await startInteropHub();
    const created = await putDevice(interop, "new");
    expect(created.status).toBe(200);
    const device = JSON.parse(created.body);
    expect(device).toMatchObject({
      deviceId: "new",
      generationId: expect.any(String),
      status: "enabled",
      connectionState: "Disconnected",
      cloudToDeviceMessageCount: 0,
      capabilities: { iotEdge: false },
      authentication: {
        type: "sas",
        symmetricKey: { primaryKey: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/) },
        x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
      },
    });
    const again = await putDevice(interop, "new");
    expect(again).toMatchObject({
      status: 409,
      headers: { "iothub-errorcode": "DeviceAlreadyExists" },
    });
    expect(JSON.parse(again.body).Message).toMatch(/^ErrorCode:DeviceAlreadyExists;/);
    const ifMatch = (etag: string) => putDevice(interop, "new", ...header("If-Match", etag));
    const updated = await ifMatch(`"${device.etag}"`);
    expect(updated.status).toBe(200);
    expect((await ifMatch(`"${device.etag}"`)).status).toBe(412);
    const { etag } = JSON.parse(updated.body);
    for (const form of [`W/"${etag}"`, '"*"', "*"]) expect((await ifMatch(form)).status).toBe(200);
    const remove = ["--request", "DELETE"];
    expect((await asOwner(interop, "/devices/new", ...remove)).status).toBe(412);
    const removed = await asOwner(interop, "/devices/new", ...remove, ...header("If-Match", "*"));
    expect(removed).toMatchObject({ status: 204, body: "" });
    const missing = await asOwner(interop, "/devices/new");
    expect(missing).toMatchObject({
      status: 404,
      headers: { "iothub-errorcode": "DeviceNotFound" },
    });
    expect(JSON.parse(missing.body).Message).toMatch(/^ErrorCode:DeviceNotFound;/);
  });

  // Rules registry-bulk, https-query.
  test("creates several devices at once, counts, lists and queries them by page", async () => {
    const interop = await startInteropHub({ devices: [] });
    const bulk = ["a", "b"].map((id) => ({ id, importMode: "create", status: "enabled" }));
    const created = await asOwner(interop, "/devices", ...withJson(bulk));
    expect(created.status).toBe(200);
    expect(JSON.parse(created.body)).toMatchObject({ isSuccessful: true, errors: [] });
    const again = await asOwner(interop, "/devices", ...withJson(bulk.slice(1)));
    expect(again.status).toBe(400);
    expect(JSON.parse(again.body)).toMatchObject({
      isSuccessful: false,
      errors: [{ deviceId: "b", errorCode: 409001 }],
    });
    await asOwner(interop, `/devices/${DEVICE}`, "--request", "DELETE", ...header("If-Match", "*"));
    const list = await asOwner(interop, "/devices/?top=1");
    expect(JSON.parse(list.body)).toMatchObject([{ deviceId: "a" }]);
    const statistics = await asOwner(interop, "/statistics/devices");
    expect(JSON.parse(statistics.body)).toEqual({
      totalDeviceCount: 2,
      enabledDeviceCount: 2,
      disabledDeviceCount: 0,
    });
    const connected = await asOwner(interop, "/statistics/service");
    expect(JSON.parse(connected.body)).toEqual({ connectedDeviceCount: 0 });
    const query = (continuation: string) =>
      asOwner(
        interop,
        "/devices/query",
        ...withJson({ query: "select * from devices" }),
        ...header("x-ms-max-item-count", "1"),
        ...header("x-ms-continuation", continuation),
      );
    const first = await query("");
    expect(JSON.parse(first.body)).toMatchObject([{ deviceId: "a" }]);
    const second = await query(first.headers["x-ms-continuation"] ?? "");
    expect(JSON.parse(second.body)).toMatchObject([{ deviceId: "b" }]);
    expect(second.headers).toMatchObject({ "x-ms-item-type": "Twin" });
    expect(second.headers).not.toHaveProperty("x-ms-continuation");
  });

  // Rules c2d-purge, https-feedback.
  test("purges a queue, and reads, abandons and completes its feedback", async () => {
    const interop = await startInteropHub();
    const service = await connectService(interop);
    await service.send(DEVICE, { messageId: "m1", body: Buffer.from("x"), ack: "full" });
    // It would take the feedback.
    service.close();
    const purged = await asOwner(interop, `/devices/${DEVICE}/commands`, "--request", "DELETE");
    expect(JSON.parse(purged.body)).toEqual({
      totalMessagesPurged: 1,
      deviceId: DEVICE,
      moduleId: null,
    });
    const nextBatch = () =>
      eventually(async () => {
        const reply = await asOwner(interop, FEEDBACK);
        return reply.status === 200 ? reply : undefined;
      });
    const batch = await nextBatch();
    expect(JSON.parse(batch.body)).toMatchObject([
      { originalMessageId: "m1", deviceId: DEVICE, statusCode: "Purged" },
    ]);
    const abandon = `${FEEDBACK}/${lockTokenOf(batch)}/abandon`;
    expect((await asOwner(interop, abandon, "--request", "POST")).status).toBe(204);
    const again = await nextBatch();
    const complete = `${FEEDBACK}/${lockTokenOf(again)}`;
    expect((await asOwner(interop, complete, "--request", "DELETE")).status).toBe(204);
    expect((await asOwner(interop, FEEDBACK)).status).toBe(204);
  });

  test.each(["hub.localhost", "my.azure-devices.net"])("reaches the hub as %s", async (name) => {
    const interop = await startInteropHub({ hostNames: ["my.azure-devices.net"] });
    const { port } = interop.endpoint;
    const token = withToken(ownerToken(interop, name));
    const where = ["--resolve", `${name}:${port}:127.0.0.1`];
    const { status } = await curlTo(interop, `https://${name}:${port}/devices`, ...token, ...where);
    expect(status).toBe(200);
  });

  test("does not trust the hub without its CA", async () => {
    const interop = await startInteropHub();
    const trust = ["--cacert", await writeOtherAuthority(interop)];
    await expect(asOwner(interop, "/devices", ...trust)).rejects.toThrow("curl ended with 60");
  });
});
