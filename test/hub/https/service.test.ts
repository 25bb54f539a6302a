import { describe, expect, it } from "vitest";
import { createTestHub } from "../../support/test-hub.ts";
import type { HttpResponse } from "../support/http-request.ts";

const OWNER = "iothubowner";

function jsonOf({ body }: HttpResponse): unknown {
  return JSON.parse(body.toString());
}

// Rule c2d-purge.
describe("purging a device's queue", () => {
  it("dead-letters all messages, locked or not, and returns their number", async () => {
    const hub = await createTestHub();
    for (const messageId of ["m1", "m2", "m3"]) await hub.send({ messageId, ack: "negative" });
    await hub.send({}, "device2");
    const path = "/devices/device1/messages/devicebound";
    expect((await hub.https("GET", path, hub.deviceToken("device1"))).status).toBe(200);
    const token = hub.policyToken("service");
    const purged = await hub.https("DELETE", "/devices/device1/commands", token);
    expect(purged.status).toBe(200);
    expect(jsonOf(purged)).toMatchObject({ totalMessagesPurged: 3, deviceId: "device1" });
    expect(hub.log.of("feedback")).toMatchObject(
      ["m1", "m2", "m3"].map((originalMessageId) => ({ originalMessageId, statusCode: "Purged" })),
    );
    expect((await hub.https("GET", path, hub.deviceToken("device1"))).status).toBe(204);
    expect(hub.cloudToDevice.countOf("device2")).toBe(1);
    const again = await hub.https("DELETE", "/devices/device1/commands", token);
    expect(jsonOf(again)).toMatchObject({ totalMessagesPurged: 0 });
  });

  it("is 404 for a device that does not exist", async () => {
    const hub = await createTestHub();
    const token = hub.policyToken("service");
    expect((await hub.https("DELETE", "/devices/nobody/commands", token)).status).toBe(404);
  });
});

// Rule https-error.
describe("an error", () => {
  it.each([
    ["IotHubUnauthorized", 401, "GET", "/devices/device1", "device"],
    ["DeviceNotFound", 404, "GET", "/devices/nobody", OWNER],
    ["ArgumentInvalid", 400, "GET", "/devices?top=0", OWNER],
    ["PreconditionFailed", 412, "DELETE", "/devices/device1", OWNER],
  ])(
    "%s is %d, with its name in the body and in a header",
    async (name, status, method, path, policy) => {
      const hub = await createTestHub();
      const refused = await hub.https(method, path, hub.policyToken(policy));
      expect(refused).toMatchObject({ status, headers: { "iothub-errorcode": name } });
      expect(jsonOf(refused)).toMatchObject({
        Message: expect.stringMatching(new RegExp(`^ErrorCode:${name};.+`)),
      });
    },
  );
});

// Rule policy-permissions.
describe("each endpoint requires its permission", () => {
  const everyPolicy = ["iothubowner", "service", "device", "registryRead", "registryReadWrite"];
  const registryReaders = ["iothubowner", "registryRead", "registryReadWrite"];
  const registryWriters = ["iothubowner", "registryReadWrite"];
  const devices = ["iothubowner", "device"];
  it.each<[string, string, string[]]>([
    ["GET", "/devices", registryReaders],
    ["GET", "/devices/device1", registryReaders],
    ["PUT", "/devices/device3", registryWriters],
    ["DELETE", "/devices/device2", registryWriters],
    ["GET", "/devices/device1/messages/devicebound", devices],
    ["DELETE", "/devices/device1/messages/devicebound/token", devices],
    ["POST", "/devices/device1/messages/devicebound/token/abandon", devices],
    ["DELETE", "/devices/device1/commands", ["iothubowner", "service"]],
  ])("%s %s is allowed for %j", async (method, path, expected) => {
    const hub = await createTestHub();
    const allowed: string[] = [];
    for (const policy of everyPolicy) {
      const { status } = await hub.https(method, path, hub.policyToken(policy), {
        ...(method === "PUT" && { body: {} }),
      });
      if (status !== 401) allowed.push(policy);
    }
    expect(allowed).toEqual(expected);
  });
});
