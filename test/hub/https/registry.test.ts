import { describe, expect, it } from "vitest";
import { createTestHub, type TestHub } from "../../support/test-hub.ts";
import type { HttpResponse } from "../support/http-request.ts";

const KEY = Buffer.alloc(32, 1).toString("base64");
const OTHER_KEY = Buffer.alloc(32, 2).toString("base64");
const FRESH_KEY = expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/);

interface DeviceJson {
  readonly etag: string;
  readonly generationId: string;
  readonly authentication: { readonly symmetricKey: object };
}

function deviceOf({ body }: HttpResponse): DeviceJson {
  return JSON.parse(body.toString()) as DeviceJson;
}

function keysOf(response: HttpResponse): object {
  return deviceOf(response).authentication.symmetricKey;
}

/** Sends a request about a device as the owner. */
function ask(
  hub: TestHub,
  method: string,
  deviceId: string,
  { ifMatch, body }: { ifMatch?: string; body?: object } = {},
): Promise<HttpResponse> {
  return hub.https(method, `/devices/${encodeURIComponent(deviceId)}`, ownerToken(hub), {
    ...(ifMatch !== undefined && { headers: { "if-match": ifMatch } }),
    ...(method === "PUT" && { body: { deviceId, ...body } }),
  });
}

function ownerToken(hub: TestHub): string {
  return hub.policyToken("iothubowner");
}

function withKeys(primaryKey: string | null, secondaryKey: string | null): object {
  return { authentication: { type: "sas", symmetricKey: { primaryKey, secondaryKey } } };
}

// Rule registry-create.
describe("PUT without If-Match", () => {
  it("creates an enabled device that can connect at once", async () => {
    const hub = await createTestHub({ devices: [] });
    const made = await ask(hub, "PUT", "device1");
    expect(made.status).toBe(200);
    expect(deviceOf(made)).toMatchObject({ deviceId: "device1", status: "enabled" });
    expect(made.headers.etag).toBe(`"${deviceOf(made).etag}"`);
    expect((await hub.connectDevice()).connack.returnCode).toBe(0);
  });

  it.each<[string, object, object]>([
    ["no authentication", {}, { primaryKey: FRESH_KEY, secondaryKey: FRESH_KEY }],
    ["empty keys", withKeys("", ""), { primaryKey: FRESH_KEY, secondaryKey: FRESH_KEY }],
    ["null keys", withKeys(null, null), { primaryKey: FRESH_KEY, secondaryKey: FRESH_KEY }],
    ["one key", withKeys(KEY, ""), { primaryKey: KEY, secondaryKey: FRESH_KEY }],
    ["both keys", withKeys(KEY, OTHER_KEY), { primaryKey: KEY, secondaryKey: OTHER_KEY }],
  ])("generates the missing keys with %s", async (_what, body, keys) => {
    const hub = await createTestHub({ devices: [] });
    expect(keysOf(await ask(hub, "PUT", "device1", { body }))).toEqual(keys);
  });

  it("is 409 DeviceAlreadyExists for an existing device, and leaves it unchanged", async () => {
    const hub = await createTestHub();
    const before = hub.registry.get("device1");
    expect(await ask(hub, "PUT", "device1", { body: { status: "disabled" } })).toMatchObject({
      status: 409,
      headers: { "iothub-errorcode": "DeviceAlreadyExists" },
    });
    expect(hub.registry.get("device1")).toEqual(before);
  });
});

// Rule registry-update.
describe("PUT with If-Match", () => {
  it.each<[string, (etag: string) => string]>([
    ["*", () => "*"],
    ["the etag", (etag) => etag],
    ["the etag in quotes", (etag) => `"${etag}"`],
    ["a weak etag", (etag) => `W/"${etag}"`],
  ])("updates the device and its etag with %s", async (_form, ifMatchOf) => {
    const hub = await createTestHub();
    const { etag } = hub.registry.get("device1");
    const ifMatch = ifMatchOf(etag);
    const updated = await ask(hub, "PUT", "device1", { ifMatch, body: { status: "disabled" } });
    expect(updated.status).toBe(200);
    expect(deviceOf(updated)).toMatchObject({ status: "disabled" });
    expect(deviceOf(updated).etag).not.toBe(etag);
  });

  it("is 412 PreconditionFailed with an outdated etag, and changes nothing", async () => {
    const hub = await createTestHub();
    const { etag: ifMatch } = hub.registry.get("device1");
    await ask(hub, "PUT", "device1", { ifMatch });
    const before = hub.registry.get("device1");
    const late = await ask(hub, "PUT", "device1", { ifMatch, body: { status: "disabled" } });
    expect(late).toMatchObject({
      status: 412,
      headers: { "iothub-errorcode": "PreconditionFailed" },
    });
    expect(hub.registry.get("device1")).toEqual(before);
  });

  it("is 412 for a device that does not exist, and creates none", async () => {
    const hub = await createTestHub();
    expect((await ask(hub, "PUT", "nobody", { ifMatch: "*" })).status).toBe(412);
    expect(hub.registry.find("nobody")).toBeUndefined();
  });
});

// Rule registry-update-keys.
describe("the keys of an updated device", () => {
  it("are kept by an update without authentication", async () => {
    const hub = await createTestHub();
    const before = keysOf(await ask(hub, "GET", "device1"));
    const body = { status: "disabled", statusReason: "service" };
    expect(keysOf(await ask(hub, "PUT", "device1", { ifMatch: "*", body }))).toEqual(before);
  });

  it.each<[string, object]>([
    ["empty", withKeys("", "")],
    ["null", withKeys(null, null)],
    ["no", { authentication: { type: "sas" } }],
  ])("are generated again when the update has %s keys", async (_how, body) => {
    const hub = await createTestHub();
    const before = keysOf(await ask(hub, "GET", "device1"));
    const after = keysOf(await ask(hub, "PUT", "device1", { ifMatch: "*", body }));
    expect(after).toEqual({ primaryKey: FRESH_KEY, secondaryKey: FRESH_KEY });
    const [keys, earlier] = [Object.values(after), Object.values(before)];
    expect(new Set([...keys, ...earlier]).size).toBe(4);
  });
});

// Rule registry-delete.
describe("DELETE of a device", () => {
  it("deletes it with its etag", async () => {
    const hub = await createTestHub();
    const { etag } = hub.registry.get("device1");
    expect((await ask(hub, "DELETE", "device1", { ifMatch: `"${etag}"` })).status).toBe(204);
    expect((await ask(hub, "GET", "device1")).status).toBe(404);
  });

  it.each([
    ["without If-Match", {}],
    ["with another etag", { ifMatch: '"other"' }],
  ])("is 412 %s, and deletes nothing", async (_how, fields) => {
    const hub = await createTestHub();
    expect((await ask(hub, "DELETE", "device1", fields)).status).toBe(412);
    expect((await ask(hub, "GET", "device1")).status).toBe(200);
  });

  it("is 404 DeviceNotFound when it does not exist", async () => {
    const hub = await createTestHub();
    expect(await ask(hub, "DELETE", "nobody", { ifMatch: "*" })).toMatchObject({
      status: 404,
      headers: { "iothub-errorcode": "DeviceNotFound" },
    });
  });
});

// Rule registry-device-id.
describe("a device id", () => {
  it.each([..."-.+%_#*?!(),=@$':azAZ09", "x".repeat(128), "a%b?c#d", "Q(r)!*'$@=,:", "100%"])(
    "can be %s",
    async (deviceId) => {
      const hub = await createTestHub({ devices: [] });
      expect((await ask(hub, "PUT", deviceId)).status).toBe(200);
      expect(deviceOf(await ask(hub, "GET", deviceId))).toMatchObject({ deviceId });
      expect(hub.registry.list().map((device) => device.deviceId)).toEqual([deviceId]);
    },
  );

  it("is case-sensitive", async () => {
    const hub = await createTestHub({ devices: ["Device1"] });
    expect((await ask(hub, "GET", "Device1")).status).toBe(200);
    expect((await ask(hub, "GET", "device1")).status).toBe(404);
  });

  it.each(["x".repeat(129), "a b", "a/b", "a&b", 'a"b', "a<b", "a\\b", "a~b", "ü", "a\n", "a;b"])(
    "cannot be %j: 400 ArgumentInvalid",
    async (deviceId) => {
      const hub = await createTestHub({ devices: [] });
      expect(await ask(hub, "PUT", deviceId)).toMatchObject({
        status: 400,
        headers: { "iothub-errorcode": "ArgumentInvalid" },
      });
      expect(hub.registry.list()).toEqual([]);
    },
  );
});

it.each([
  ["no JSON", "{"],
  ["null", "null"],
  ["a list", "[]"],
  ["an authentication that is a string", '{"authentication":"sas"}'],
  [
    "a key that is a number",
    '{"authentication":{"type":"sas","symmetricKey":{"primaryKey":1,"secondaryKey":2}}}',
  ],
  ["an unknown authentication", '{"authentication":{"type":"magic"}}'],
  ["an unknown status", '{"status":"perhaps"}'],
])("a body that is or has %s is 400, without internals in the response", async (_what, body) => {
  const hub = await createTestHub({ devices: [] });
  const response = await hub.https("PUT", "/devices/device1", ownerToken(hub), {
    headers: { "content-type": "application/json" },
    body: Buffer.from(body),
  });
  expect(response.status).toBe(400);
  expect(response.body.toString()).not.toMatch(/TypeError|at .*\.ts/);
  expect(hub.registry.list()).toEqual([]);
});

describe("the registry is closed", () => {
  it.each([
    ["without a token", undefined],
    ["with another scheme", "Basic abc"],
    ["with an empty token", ""],
  ])("%s", async (_what, token) => {
    const { status, body } = await (await createTestHub()).https("GET", "/devices/device1", token);
    expect(status).toBe(401);
    expect(body.toString()).not.toContain("primaryKey");
  });

  // Rule policy-permissions.
  it.each([
    ["GET", "/devices/device1"],
    ["GET", "/devices/device2"],
    ["PUT", "/devices/device3"],
    ["GET", "/devices"],
    ["DELETE", "/devices/device1/commands"],
  ])("to a device: %s %s", async (method, path) => {
    const hub = await createTestHub();
    const { status, body } = await hub.https(method, path, hub.deviceToken("device1"));
    expect(status).toBe(401);
    expect(body.toString()).not.toContain("primaryKey");
  });
});

// Rule registry-generation.
describe("the generation id", () => {
  it("is kept by updates, and changes when the device is created again", async () => {
    const hub = await createTestHub();
    const { generationId } = deviceOf(await ask(hub, "GET", "device1"));
    const updated = await ask(hub, "PUT", "device1", { ifMatch: "*", body: withKeys(KEY, KEY) });
    expect(deviceOf(updated).generationId).toBe(generationId);
    await ask(hub, "DELETE", "device1", { ifMatch: "*" });
    expect(deviceOf(await ask(hub, "PUT", "device1")).generationId).not.toBe(generationId);
  });
});
