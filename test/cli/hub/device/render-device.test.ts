import { expect, test } from "vitest";
import { formatDeviceTable } from "../../../../src/cli/hub/device/device-table.ts";
import {
  formatDeviceJson,
  formatDeviceText,
} from "../../../../src/cli/hub/device/render-device.ts";
import { parseRegisteredDevice } from "../../../../src/client/registry/registered-device.ts";

function deviceOf(json: object) {
  const device = parseRegisteredDevice(json);
  if (device === undefined) throw new Error("no device");
  return device;
}

const DEVICE = deviceOf({
  deviceId: "d1",
  generationId: "7",
  etag: "e",
  connectionState: "Disconnected",
  status: "enabled",
  lastActivityTime: "0001-01-01T00:00:00Z",
  cloudToDeviceMessageCount: 2,
  authentication: { type: "sas", symmetricKey: { primaryKey: "PPPP", secondaryKey: "SSSS" } },
  capabilities: { iotEdge: false },
});

const SHOWN = { hostName: "hub.example", keys: "shown" } as const;
const HIDDEN = { hostName: "hub.example", keys: "hidden" } as const;

test("the text is the tutorial's, followed by the connection string", () => {
  expect(formatDeviceText("CreateDevice", DEVICE, SHOWN)).toBe(`CreateDevice:
iothubDevice.deviceId                    = d1
iothubDevice.primaryKey                  = PPPP
iothubDevice.secondaryKey                = SSSS
iothubDevice.connectionState             = Disconnected
iothubDevice.status                      = enabled
iothubDevice.lastActivityTime            = 0001-01-01T00:00:00Z
iothubDevice.cloudToDeviceMessageCount   = 2
iothubDevice.isManaged                   = false
iothubDevice.authMethod                  = shared_private_key

Connection string: HostName=hub.example;DeviceId=d1;SharedAccessKey=PPPP
`);
});

test("keys are hidden by default", () => {
  const text = formatDeviceText("GetDevice", DEVICE, HIDDEN);
  expect(text).not.toMatch(/PPPP|SSSS|Key {2}/);
  expect(text).toContain("HostName=hub.example;DeviceId=d1;SharedAccessKey=<hidden>\n");
  expect(JSON.parse(formatDeviceJson(DEVICE, HIDDEN))).toEqual({
    type: "device",
    deviceId: "d1",
    connectionState: "Disconnected",
    status: "enabled",
    lastActivityTime: "0001-01-01T00:00:00Z",
    cloudToDeviceMessageCount: 2,
    isManaged: false,
    authMethod: "shared_private_key",
    generationId: "7",
    etag: "e",
  });
});

test("JSON includes the connection string if keys are shown", () => {
  expect(JSON.parse(formatDeviceJson(DEVICE, SHOWN))).toMatchObject({
    primaryKey: "PPPP",
    secondaryKey: "SSSS",
    connectionString: "HostName=hub.example;DeviceId=d1;SharedAccessKey=PPPP",
  });
});

test("missing fields are omitted", () => {
  const bare = deviceOf({ deviceId: "d" });
  expect(formatDeviceJson(bare, SHOWN)).toBe('{"type":"device","deviceId":"d"}\n');
  expect(formatDeviceText("GetDevice", bare, SHOWN)).toBe(
    "GetDevice:\niothubDevice.deviceId                    = d\n",
  );
  expect(formatDeviceTable([bare])).toBe(
    "DEVICE  STATUS  CONNECTION  MESSAGES  AUTH METHOD\nd       -       -           -         -\n",
  );
});

test("a device with a certificate shows its thumbprints, and no keys", () => {
  const device = deviceOf({
    deviceId: "d",
    authentication: { type: "selfSigned", x509Thumbprint: { primaryThumbprint: "AB" } },
  });
  const text = formatDeviceText("GetDevice", device, HIDDEN);
  expect(text).toContain("iothubDevice.authMethod                  = x509_thumbprint\n");
  expect(text).toContain("iothubDevice.primaryThumbprint           = AB\n");
  expect(text).toContain("HostName=hub.example;DeviceId=d;x509=true\n");
});

test("an unknown authentication type is shown unchanged", () => {
  const device = deviceOf({ deviceId: "d", authentication: { type: "none" } });
  expect(JSON.parse(formatDeviceJson(device))).toMatchObject({ authMethod: "none" });
});

test("text from the hub is escaped", () => {
  const device = deviceOf({ deviceId: "d\u001b[31m", status: "a\nb" });
  for (const text of [
    formatDeviceText("GetDevice", device, SHOWN),
    formatDeviceTable([device]),
    formatDeviceJson(device),
  ]) {
    expect(text).not.toContain("\u001b");
    expect(text).not.toContain("a\nb");
  }
});

test("the columns of the table are aligned", () => {
  expect(
    formatDeviceTable([DEVICE, deviceOf({ deviceId: "a-longer-name", status: "disabled" })]),
  ).toBe(`DEVICE         STATUS    CONNECTION    MESSAGES  AUTH METHOD
d1             enabled   Disconnected  2         shared_private_key
a-longer-name  disabled  -             -         -
`);
});
