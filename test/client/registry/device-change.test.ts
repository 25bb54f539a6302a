import { expect, test } from "vitest";
import { applyChange } from "../../../src/client/registry/device-change.ts";
import { Secret } from "../../../src/core/secret.ts";

const DEVICE = {
  deviceId: "d",
  etag: "e",
  status: "enabled",
  deviceScope: "ms-azure-iot-edge://parent",
  authentication: {
    type: "sas",
    symmetricKey: { primaryKey: "a", secondaryKey: "b", newer: 1 },
    x509Thumbprint: { primaryThumbprint: null },
  },
};

test("what is not changed stays as the hub sent it, unknown fields included", () => {
  expect(applyChange(DEVICE, {})).toEqual(DEVICE);
  expect(applyChange(DEVICE, { status: "disabled", secondaryKey: new Secret("c") })).toEqual({
    ...DEVICE,
    status: "disabled",
    authentication: {
      ...DEVICE.authentication,
      symmetricKey: { primaryKey: "a", secondaryKey: "c", newer: 1 },
    },
  });
});
