import { describe, expect, it } from "vitest";
import { createFailingStore } from "../../support/failing-store.ts";
import { HeldStore } from "../../support/held-store.ts";
import { storedEvents, storedTelemetry } from "../../support/stored-events.ts";
import { createTestHub, type TestHub } from "../../support/test-hub.ts";
import { uncaughtDuring } from "../../support/uncaught.ts";

const PATH = "/devices/device1/messages/events?api-version=2021-04-12";
const BATCH = { "content-type": "application/vnd.microsoft.iothub.json" };

interface Post {
  readonly token?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

function post(hub: TestHub, { token, path = PATH, ...fields }: Post = {}) {
  return hub.https("POST", path, token ?? hub.deviceToken("device1"), fields);
}

/** A string is sent as is. */
function postBatch(hub: TestHub, batch: unknown, fields: Post = {}) {
  const text = typeof batch === "string" ? batch : JSON.stringify(batch);
  return post(hub, { headers: BATCH, body: Buffer.from(text), ...fields });
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function errorOf(body: Buffer): string {
  return (JSON.parse(body.toString()) as { Message: string }).Message;
}

// Rule d2c-https.
describe("POST of a message", () => {
  it("is answered with 204 without a body, and stores the body unchanged", async () => {
    const hub = await createTestHub();
    const body = Buffer.from([0, 255, 10, 13, 0x80]);
    const response = await post(hub, { body });
    expect(response.status).toBe(204);
    expect(response.body).toHaveLength(0);
    expect(storedEvents(hub.deviceToCloud)).toMatchObject([
      {
        sequenceNumber: 0,
        payload: {
          deviceId: "device1",
          authMethod: '{"scope":"device","type":"sas","issuer":"iothub"}',
          telemetry: { system: {}, properties: {}, body },
        },
      },
    ]);
  });

  it("takes properties from headers, whatever their case", async () => {
    const hub = await createTestHub();
    const headers = {
      "IoTHub-MessageId": "m1",
      "iothub-correlationid": "c1",
      "IOTHUB-USERID": "u1",
      "iothub-to": "/devices/device1/messages/events",
      "iothub-contenttype": "application/json",
      "iothub-contentencoding": "utf-8",
      "iothub-interface-id": "urn:a",
      "iothub-creationtimeutc": "2026-01-01T00:00:00Z",
      "dt-subject": "part",
      "IoTHub-Expiry": "1798761600000",
      "iothub-app-Temperature_Alert": "true",
      "IOTHUB-APP-b": "",
      "X-Other": "ignored",
    };
    expect((await post(hub, { headers, body: Buffer.from("x") })).status).toBe(204);
    expect(storedTelemetry(hub.deviceToCloud)).toMatchObject([
      {
        system: {
          messageId: "m1",
          correlationId: "c1",
          userId: "u1",
          to: "/devices/device1/messages/events",
          contentType: "application/json",
          contentEncoding: "utf-8",
          interfaceId: "urn:a",
          creationTimeUtc: "2026-01-01T00:00:00Z",
          subject: "part",
          expiryTimeUtcMs: 1798761600000,
        },
        properties: { Temperature_Alert: "true", b: "" },
      },
    ]);
  });

  it("accepts a date as expiry", async () => {
    const hub = await createTestHub();
    const headers = { "iothub-expiry": "2027-01-01T00:00:00Z" };
    expect((await post(hub, { headers })).status).toBe(204);
    expect(storedTelemetry(hub.deviceToCloud)).toMatchObject([
      { system: { expiryTimeUtcMs: Date.UTC(2027, 0, 1) } },
    ]);
  });

  it("without a body is stored as an event", async () => {
    const hub = await createTestHub();
    expect((await post(hub)).status).toBe(204);
    expect(storedTelemetry(hub.deviceToCloud)).toMatchObject([{ body: Buffer.alloc(0) }]);
  });

  it("may have its path in any case, no api-version, or an encoded id", async () => {
    const hub = await createTestHub();
    for (const path of [
      "/Devices/device1/Messages/Events",
      "/devices/device%31/messages/events/",
      "/devices/device1/messages/events?api-version=1",
    ]) {
      expect((await post(hub, { path })).status).toBe(204);
    }
    const ids = storedEvents(hub.deviceToCloud).map(({ payload }) => payload.deviceId);
    expect(ids).toEqual(["device1", "device1", "device1"]);
  });

  it("with an invalid header value is answered with 400", async () => {
    const hub = await createTestHub();
    const headers = { "iothub-messageid": "x".repeat(129) };
    expect((await post(hub, { headers })).status).toBe(400);
    expect((await post(hub, { headers: { "iothub-expiry": "soon" } })).status).toBe(400);
    expect((await post(hub, { headers: { "iothub-expiry": "9".repeat(16) } })).status).toBe(400);
    expect(storedEvents(hub.deviceToCloud)).toEqual([]);
  });

  // Rule d2c-durable.
  it("is answered once the event is stored, not before", async () => {
    const store = new HeldStore();
    const hub = await createTestHub({ store });
    store.hold();
    const response = post(hub, { body: Buffer.from("x") });
    // A later request has been answered.
    expect((await hub.https("GET", "/nothing")).status).toBe(404);
    while (store.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(await Promise.race([response, "pending"])).toBe("pending");
    expect(storedEvents(hub.deviceToCloud)).toEqual([]);
    store.release();
    expect((await response).status).toBe(204);
  });

  it("is answered with 500 when the store fails", async () => {
    const hub = await createTestHub({ store: createFailingStore("event/") });
    expect((await post(hub)).status).toBe(500);
    expect(storedEvents(hub.deviceToCloud)).toEqual([]);
  });
});

// Rule d2c-https-batch.
describe("POST of a batch", () => {
  it("becomes one event per message, in order", async () => {
    const hub = await createTestHub();
    const response = await postBatch(hub, [
      { body: base64("zero\0"), properties: { "iothub-app-k": "v", "IoTHub-MessageId": "m0" } },
      { body: "h\u00e9llo", base64Encoded: false, properties: { "iothub-app-K": "" } },
      { body: base64("two"), base64Encoded: true },
      { body: "" },
    ]);
    expect(response.status).toBe(204);
    expect(storedTelemetry(hub.deviceToCloud)).toEqual([
      { system: { messageId: "m0" }, properties: { k: "v" }, body: Buffer.from("zero\0") },
      { system: {}, properties: { K: "" }, body: Buffer.from("h\u00e9llo") },
      { system: {}, properties: {}, body: Buffer.from("two") },
      { system: {}, properties: {}, body: Buffer.alloc(0) },
    ]);
  });

  it("is recognised by its content type, ignoring parameters and case", async () => {
    const hub = await createTestHub();
    const headers = { "content-type": "Application/vnd.Microsoft.IoTHub.json; charset=utf-8" };
    await postBatch(hub, [{ body: "" }, { body: "" }], { headers });
    expect(storedEvents(hub.deviceToCloud)).toHaveLength(2);
    await postBatch(hub, [{ body: "" }, { body: "" }], { headers: {} });
    expect(storedEvents(hub.deviceToCloud)).toHaveLength(3);
  });

  it.each<[string, unknown]>([
    ["invalid JSON", "[{"],
    ["no content", ""],
    ["an object instead of an array", { body: "" }],
    ["an empty array", []],
    ["null", "null"],
    ["an array of strings", ["x"]],
    ["an array with null in it", [{ body: "" }, null]],
    ["a message without a body", [{ properties: {} }]],
    ["a body that is a number", [{ body: 7 }]],
    ["a body that is an object", [{ body: { a: 1 } }]],
    ["a body that is not base64", [{ body: "h\u00e9llo!" }]],
    ["a body of truncated base64", [{ body: "YWJjZ" }]],
    ["properties that are an array", [{ body: "", properties: ["a"] }]],
    ["properties that are a string", [{ body: "", properties: "a" }]],
    ["a property that is a number", [{ body: "", properties: { "iothub-app-n": 1 } }]],
    ["a property that is null", [{ body: "", properties: { "iothub-app-n": null } }]],
    ["an expiry that is not a time", [{ body: "", properties: { "iothub-expiry": "soon" } }]],
    ["base64Encoded that is not a boolean", [{ body: "", base64Encoded: "false" }]],
  ])("with %s is answered with 400, and stores nothing", async (_what, batch) => {
    const hub = await createTestHub();
    const good = Array.isArray(batch) && batch.length > 0 ? [{ body: "" }, ...batch] : batch;
    const response = await postBatch(hub, good);
    expect(response.status).toBe(400);
    expect(response.headers["iothub-errorcode"]).toBe("ArgumentInvalid");
    expect(errorOf(response.body)).toMatch(/^ErrorCode:ArgumentInvalid;/);
    expect(storedEvents(hub.deviceToCloud)).toEqual([]);
  });
});

// Rule d2c-size.
describe("the size limit of POST", () => {
  it("is 256 KB including properties; more is answered with 413", async () => {
    const hub = await createTestHub();
    expect((await post(hub, { body: Buffer.alloc(262_144) })).status).toBe(204);
    for (const fields of [
      { body: Buffer.alloc(262_145) },
      { body: Buffer.alloc(262_144), headers: { "iothub-app-a": "b" } },
    ]) {
      const response = await post(hub, fields);
      expect(response.status).toBe(413);
      expect(response.headers["iothub-errorcode"]).toBe("MessageTooLarge");
    }
    expect(storedEvents(hub.deviceToCloud)).toHaveLength(1);
  });

  it("is the same for a whole batch", async () => {
    const hub = await createTestHub();
    const half = { body: Buffer.alloc(131_072).toString("base64") };
    expect((await postBatch(hub, [half, half])).status).toBe(204);
    expect((await postBatch(hub, [half, half, { body: "YQ==" }])).status).toBe(413);
    expect(storedEvents(hub.deviceToCloud)).toHaveLength(2);
  });

  it("does not disturb later requests when far exceeded", async () => {
    const hub = await createTestHub();
    const uncaught = await uncaughtDuring(async () => {
      expect((await post(hub, { body: Buffer.alloc(20_000_000) })).status).toBe(413);
      expect((await post(hub)).status).toBe(204);
    });
    expect(uncaught).toEqual([]);
    expect(storedEvents(hub.deviceToCloud)).toHaveLength(1);
  });
});

// Rules policy-permissions, device-credentials.
describe("access to POST", () => {
  it.each([
    ["service", 401],
    ["registryRead", 401],
    ["registryReadWrite", 401],
    ["device", 204],
    ["iothubowner", 204],
  ])("with policy %s is answered with %d", async (policy, status) => {
    const hub = await createTestHub();
    const response = await post(hub, { token: hub.policyToken(policy) });
    expect(response.status).toBe(status);
    expect(storedEvents(hub.deviceToCloud)).toHaveLength(status === 204 ? 1 : 0);
  });

  it.each<[string, (hub: TestHub) => string]>([
    ["another device's token", (hub) => hub.deviceToken("device2")],
    ["a forged token", () => "SharedAccessSignature sr=a&sig=b&se=9999999999"],
    ["an expired token", (hub) => hub.deviceToken("device1", { expiresInSeconds: 0 })],
  ])("with %s is answered with 401", async (_who, token) => {
    const hub = await createTestHub();
    expect((await post(hub, { token: token(hub) })).status).toBe(401);
    expect(storedEvents(hub.deviceToCloud)).toEqual([]);
  });

  it("without a token is answered with 401", async () => {
    const hub = await createTestHub();
    expect((await hub.https("POST", PATH)).status).toBe(401);
  });

  it("for a device that does not exist is answered with 401 or 404", async () => {
    const hub = await createTestHub();
    const path = "/devices/nobody/messages/events";
    const response = await post(hub, { path, token: hub.policyToken("iothubowner") });
    expect([401, 404]).toContain(response.status);
    expect(storedEvents(hub.deviceToCloud)).toEqual([]);
  });

  it("for a disabled device is answered with 401 until it is enabled", async () => {
    const hub = await createTestHub();
    await hub.registry.update("device1", { status: "disabled" }, "*");
    expect((await post(hub)).status).toBe(401);
    expect((await post(hub, { token: hub.policyToken("device") })).status).toBe(401);
    await hub.registry.update("device1", { status: "enabled" }, "*");
    expect((await post(hub)).status).toBe(204);
    expect(storedEvents(hub.deviceToCloud)).toHaveLength(1);
  });
});
