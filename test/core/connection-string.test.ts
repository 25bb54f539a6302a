import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ConnectionStringError,
  formatDeviceConnectionString,
  formatEventHubConnectionString,
  formatHubConnectionString,
  parseDeviceConnectionString,
  parseHubConnectionString,
  splitHostPort,
} from "../../src/core/connection-string.ts";
import { Secret } from "../../src/core/secret.ts";

const KEY = "c2VjcmV0LWtleS1vZi10aGUtaHViLTEyMzQ1Njc4OTA=";
const HUB = `HostName=hub.example;SharedAccessKeyName=service;SharedAccessKey=${KEY}`;
const DEVICE = `HostName=hub.example;DeviceId=d1;SharedAccessKey=${KEY}`;
const EVENT_HUB = `Endpoint=sb://hub.example/;SharedAccessKeyName=service;SharedAccessKey=${KEY};EntityPath=messages`;

describe("a hub's connection string", () => {
  it.each([
    ["as in the portal", HUB],
    ["in any order", `SharedAccessKey=${KEY};HostName=hub.example;SharedAccessKeyName=service`],
    [
      "names in any case",
      `hostname=hub.example;SHAREDACCESSKEYNAME=service;sharedAccessKey=${KEY}`,
    ],
    [
      "with spaces and a trailing semicolon",
      ` HostName = hub.example ; SharedAccessKeyName=service;\n SharedAccessKey=${KEY}; `,
    ],
  ])("is read %s", (_form, text) => {
    const { hostName, sharedAccessKeyName, sharedAccessKey } = parseHubConnectionString(text);
    expect([hostName, sharedAccessKeyName, sharedAccessKey.reveal()]).toEqual([
      "hub.example",
      "service",
      KEY,
    ]);
  });

  it("is unchanged after parsing and formatting, including the port", () => {
    const text = HUB.replace("hub.example", "localhost:15671");
    expect(formatHubConnectionString(parseHubConnectionString(text))).toBe(text);
  });

  it("has an Event Hubs form", () => {
    const parts = { ...parseHubConnectionString(HUB), entityPath: "messages" };
    expect(formatEventHubConnectionString(parts)).toBe(
      `Endpoint=sb://hub.example/;SharedAccessKeyName=service;SharedAccessKey=${KEY};EntityPath=messages`,
    );
  });

  it.each([
    ["a device's", DEVICE, /device connection string/],
    ["an event hub's", EVENT_HUB, /Event Hubs-compatible endpoint; a hub/],
    ["no host name", `SharedAccessKeyName=service;SharedAccessKey=${KEY}`, /HostName/],
    ["an empty host name", HUB.replace("hub.example", ""), /HostName/],
    ["no policy", `HostName=h;SharedAccessKey=${KEY}`, /SharedAccessKeyName/],
    ["no key", "HostName=h;SharedAccessKeyName=service", /SharedAccessKey is/],
    ["a truncated key", HUB.slice(0, -1), /base64/],
    ["a key that is not base64", HUB.replace(KEY, "se cret"), /base64/],
    ["a field twice", `${HUB};HostName=other`, /twice/],
    ["a part without =", `${HUB};what`, /Name=value/],
    ["an empty string", "", /HostName/],
  ])("is refused: %s", (_what, text, why) => {
    expect(() => parseHubConnectionString(text)).toThrowError(ConnectionStringError);
    expect(() => parseHubConnectionString(text)).toThrowError(why);
  });
});

describe("a device's connection string", () => {
  it.each([
    ["a key", DEVICE],
    ["a certificate", "HostName=hub.example;DeviceId=d1;x509=true"],
    [
      "a token",
      "HostName=hub.example;DeviceId=d1;SharedAccessSignature=SharedAccessSignature sr=a&sig=b%3D&se=1",
    ],
    ["a gateway", `${DEVICE};GatewayHostName=edge.example:8883`],
  ])("with %s is unchanged after parsing and formatting", (_with, text) => {
    expect(formatDeviceConnectionString(parseDeviceConnectionString(text))).toBe(text);
  });

  it("is refused when it is the hub's", () => {
    expect(() => parseDeviceConnectionString(HUB)).toThrowError(/hub \(service\)/);
  });

  it("is refused when it is an event hub's", () => {
    expect(() => parseDeviceConnectionString(EVENT_HUB)).toThrowError(
      /Event Hubs-compatible endpoint; a device/,
    );
  });

  it("is refused without a device id or a credential", () => {
    expect(() => parseDeviceConnectionString(`HostName=h;SharedAccessKey=${KEY}`)).toThrow(
      /DeviceId is missing/,
    );
    expect(() => parseDeviceConnectionString("HostName=h;DeviceId=d")).toThrow(/is missing/);
  });

  it("accepts any device id without a semicolon", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9\-.+%_#*?!(),=@$':]{1,40}$/), (deviceId) => {
        const text = DEVICE.replace("d1", () => deviceId);
        expect(parseDeviceConnectionString(text).deviceId).toBe(deviceId);
      }),
    );
  });
});

describe("a secret", () => {
  const texts = [DEVICE, `HostName=h;DeviceId=d;SharedAccessSignature=${KEY}`].map(
    parseDeviceConnectionString,
  );
  it.each([parseHubConnectionString(HUB), ...texts])(
    "never appears where a connection string is printed ($type, %#)",
    (parsed) => {
      const printed = [
        JSON.stringify(parsed),
        String(parsed),
        inspect(parsed, { depth: 9, showHidden: true, getters: true }),
        inspect(parsed, { depth: 9, customInspect: false, showHidden: true }),
        Object.values(parsed)
          .map((value) => `${String(value)}${JSON.stringify(value)}`)
          .join(),
      ];
      for (const text of printed) expect(text).not.toContain(KEY);
    },
  );

  it("never appears in an error", () => {
    const errorOf = (run: () => unknown): unknown => {
      try {
        run();
        return undefined;
      } catch (error) {
        return error;
      }
    };
    const bad = [
      HUB.replace("HostName", "Host"),
      `${HUB};${KEY}`,
      `${HUB}!`,
      `${KEY}`,
      `=${KEY}`,
      `${HUB};SharedAccessKey=${KEY}`,
    ];
    for (const text of bad) {
      for (const parse of [parseHubConnectionString, parseDeviceConnectionString]) {
        expect(inspect(errorOf(() => parse(text)))).not.toContain(KEY.slice(0, 20));
      }
    }
  });

  it("is returned only by reveal", () => {
    expect(new Secret("x").reveal()).toBe("x");
    expect(`${new Secret("x")}`).toBe("[secret]");
    expect(structuredClone({ ...new Secret("x") })).toEqual({});
  });
});

describe("host and port", () => {
  it.each([
    ["localhost", { host: "localhost" }],
    ["localhost:8883", { host: "localhost", port: 8883 }],
    ["hub.example:0", { host: "hub.example", port: 0 }],
    ["::1", { host: "::1" }],
    ["localhost:x", { host: "localhost:x" }],
    ["localhost:", { host: "localhost:" }],
  ])("%s splits into %j", (text, parts) => {
    expect(splitHostPort(text)).toEqual(parts);
  });
});
