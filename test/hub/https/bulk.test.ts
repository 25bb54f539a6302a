import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { Registry } from "azure-iothub";
import type { RestApiClient } from "azure-iothub/dist/common-http/rest_api_client.js";
import { describe, expect, onTestFinished, test } from "vitest";
import { splitHostPort } from "../../../src/core/connection-string.ts";
import { startHubForTest } from "../../support/local-hub.ts";
import { createTestHub, type TestHub } from "../../support/test-hub.ts";

async function bulk(hub: TestHub, items: unknown, policy = "registryReadWrite") {
  const response = await hub.https("POST", "/devices?api-version=x", hub.policyToken(policy), {
    body: items as object,
  });
  return { status: response.status, body: JSON.parse(response.body.toString()) };
}

describe("rule registry-bulk", () => {
  test("one request creates, updates and deletes devices", async () => {
    const hub = await createTestHub();
    const authentication = { type: "sas", symmetricKey: { primaryKey: "", secondaryKey: "" } };
    const { status, body } = await bulk(hub, [
      { id: "new", importMode: "create", authentication },
      { id: "device1", importMode: "Update", status: "disabled" },
      { id: "device2", importMode: "Delete" },
    ]);
    expect(status).toBe(200);
    expect(body).toEqual({ isSuccessful: true, errors: [], warnings: [] });
    expect(hub.registry.list().map(({ deviceId }) => deviceId)).toEqual(["device1", "new"]);
    expect(hub.registry.get("device1").status).toBe("disabled");
    expect(hub.registry.get("new").authentication).toMatchObject({
      primaryKey: expect.stringMatching(/^.{44}$/),
    });
  });

  test("failed operations are reported, and the others are applied", async () => {
    const hub = await createTestHub();
    const { status, body } = await bulk(hub, [
      { id: "device1", importMode: "create" },
      { id: "new", importMode: "create" },
      { id: "absent", importMode: "delete" },
      { id: "absent", importMode: "Update", status: "disabled" },
    ]);
    expect(status).toBe(400);
    expect(body.isSuccessful).toBe(false);
    expect(body.errors).toMatchObject([
      { deviceId: "device1", errorCode: 409001, operation: "create" },
      { deviceId: "absent", errorCode: 404001, operation: "delete" },
      { deviceId: "absent", errorCode: 404001, operation: "Update" },
    ]);
    for (const { errorStatus } of body.errors) expect(errorStatus).toEqual(expect.any(String));
    expect(hub.registry.find("new")).toBeDefined();
  });

  test.each([
    ["UpdateIfMatchETag", { status: "disabled" }],
    ["DeleteIfMatchETag", {}],
  ])("%s requires the current etag", async (importMode, fields) => {
    const hub = await createTestHub();
    const { etag } = hub.registry.get("device1");
    const wrong = await bulk(hub, [{ id: "device1", importMode, eTag: "b3RoZXI=", ...fields }]);
    expect(wrong.body.errors).toMatchObject([{ errorCode: 412001 }]);
    expect(hub.registry.get("device1").etag).toBe(etag);
    const right = await bulk(hub, [{ id: "device1", importMode, eTag: etag, ...fields }]);
    expect(right.status).toBe(200);
    expect(hub.registry.find("device1")?.etag).not.toBe(etag);
  });

  test.each(["CreateOrUpdate", "CreateOrUpdateIfMatchETag"])(
    "%s creates or updates",
    async (importMode) => {
      const hub = await createTestHub();
      const { etag: eTag } = hub.registry.get("device1");
      const { status } = await bulk(hub, [
        { id: "device1", importMode, eTag, status: "disabled" },
        { id: "new", importMode },
      ]);
      expect(status).toBe(200);
      expect(hub.registry.get("device1").status).toBe("disabled");
      expect(hub.registry.find("new")).toBeDefined();
    },
  );

  test.each([
    ["a body that is not a list", { id: "d" }],
    ["an empty list", []],
    [
      "more than 100 devices",
      Array.from({ length: 101 }, (_, n) => ({ id: `d${n}`, importMode: "create" })),
    ],
    ["a device without an id", [{ importMode: "create" }]],
    ["a device without a mode", [{ id: "d" }]],
    ["an unknown mode", [{ id: "d", importMode: "toString" }]],
  ])("%s is refused, and nothing changes", async (_name, items) => {
    const hub = await createTestHub();
    const { status, body } = await bulk(hub, items);
    expect(status).toBe(400);
    expect(body.Message).toMatch(/^ErrorCode:ArgumentInvalid;/);
    expect(hub.registry.list()).toHaveLength(2);
  });

  test.each(["service", "device", "registryRead"])("policy %s lacks permission", async (policy) => {
    const hub = await createTestHub();
    const { status } = await bulk(hub, [{ id: "new", importMode: "create" }], policy);
    expect(status).toBe(401);
    expect(hub.registry.find("new")).toBeUndefined();
  });
});

// Numeric codes, as in the output of Azure's import jobs; azure-iothub passes them on in `responseBody`.
test("azure-iothub's Registry reads the failed operations", async () => {
  const hub = await startHubForTest({ devices: ["device1"] });
  const { host, port = 0 } = splitHostPort(hub.hostName);
  const connectionString = hub.connectionString.replace(hub.hostName, host);
  const registry = Registry.fromConnectionString(connectionString);
  const rest = (registry as unknown as { _restApiClient: RestApiClient })._restApiClient;
  rest.setOptions({ http: { agent: agentTo(port, readFileSync(hub.caFile, "utf8")) } });
  await registry.addDevices([{ deviceId: "new" }]);
  const failed = registry.removeDevices([{ deviceId: "new" }, { deviceId: "absent" }], true);
  const { responseBody } = await failed.catch((error) => error);
  expect(JSON.parse(responseBody)).toMatchObject({
    isSuccessful: false,
    errors: [{ deviceId: "absent", errorCode: 404001, errorStatus: expect.any(String) }],
  });
});

/** The SDK fixes port 443. */
function agentTo(port: number, ca: string): Agent {
  const agent = new Agent({ ca });
  const { createConnection } = agent;
  agent.createConnection = (options, done) =>
    createConnection.call(agent, { ...options, port, host: "127.0.0.1" }, done);
  onTestFinished(() => agent.destroy());
  return agent;
}

describe("statistics", () => {
  async function get(hub: TestHub, path: string) {
    const response = await hub.https("GET", path, hub.policyToken("registryRead"));
    return JSON.parse(response.body.toString());
  }

  test("count devices and connected devices", async () => {
    const hub = await createTestHub();
    await hub.registry.update("device2", { status: "disabled" }, "*");
    await hub.connectDevice("device1");
    expect(await get(hub, "/statistics/devices?api-version=x")).toEqual({
      totalDeviceCount: 2,
      enabledDeviceCount: 1,
      disabledDeviceCount: 1,
    });
    expect(await get(hub, "/statistics/service")).toEqual({ connectedDeviceCount: 1 });
  });
});
