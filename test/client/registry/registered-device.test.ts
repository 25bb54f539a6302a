import { expect, test } from "vitest";
import { parseRegisteredDevice } from "../../../src/client/registry/registered-device.ts";

test("missing and null fields are absent", () => {
  expect(parseRegisteredDevice({ deviceId: "d" })).toEqual({ deviceId: "d" });
  expect(
    parseRegisteredDevice({
      deviceId: "d",
      statusReason: null,
      capabilities: {},
      authentication: { type: "selfSigned", symmetricKey: { primaryKey: null } },
    }),
  ).toEqual({ deviceId: "d", authentication: { type: "selfSigned" } });
});

test("a complete device is parsed, with its keys as secrets", () => {
  const device = parseRegisteredDevice({
    deviceId: "d",
    generationId: "638",
    etag: "e",
    connectionState: "Connected",
    status: "disabled",
    statusReason: "lost",
    connectionStateUpdatedTime: "2026-01-01T00:00:00Z",
    statusUpdatedTime: "2026-01-02T00:00:00Z",
    lastActivityTime: "2026-01-03T00:00:00Z",
    cloudToDeviceMessageCount: 3,
    authentication: { type: "sas", symmetricKey: { primaryKey: "cHJpbWFyeQ==" } },
    capabilities: { iotEdge: true },
  });
  expect(device).toMatchObject({
    generationId: "638",
    etag: "e",
    connectionState: "Connected",
    status: "disabled",
    statusReason: "lost",
    connectionStateUpdatedTime: "2026-01-01T00:00:00Z",
    statusUpdatedTime: "2026-01-02T00:00:00Z",
    lastActivityTime: "2026-01-03T00:00:00Z",
    cloudToDeviceMessageCount: 3,
    isIotEdge: true,
  });
  expect(device?.authentication?.primaryKey?.reveal()).toBe("cHJpbWFyeQ==");
  expect(JSON.stringify(device)).not.toContain("cHJpbWFyeQ==");
});

test("the number of messages can be a string", () => {
  expect(parseRegisteredDevice({ deviceId: "d", cloudToDeviceMessageCount: "7" })).toEqual({
    deviceId: "d",
    cloudToDeviceMessageCount: 7,
  });
});

test.each([undefined, null, "d", [], {}, { deviceId: 1 }])("%j is not a device", (json) => {
  expect(parseRegisteredDevice(json)).toBeUndefined();
});
