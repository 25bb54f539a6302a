import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AmqpNode,
  deviceboundTo,
  deviceboundTopic,
  parseAmqpAddress,
  parseDeviceboundTo,
  parseDeviceboundTopic,
  parseMqttFilter,
  parseResource,
} from "../../src/core/resource-path.ts";

/** All characters of a device id, never `/`. */
const DEVICE_ID_CHARACTERS = [
  ..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.+%_#*?!(),=@$':",
];
const deviceId = fc.string({
  unit: fc.constantFrom(...DEVICE_ID_CHARACTERS),
  minLength: 1,
  maxLength: 128,
});

// Rule amqp-address.
describe("an AMQP address", () => {
  const serviceDevicebound: AmqpNode = { type: "serviceDevicebound" };
  const feedback: AmqpNode = { type: "feedback" };
  it.each<[string, AmqpNode]>([
    ["$cbs", { type: "cbs" }],
    ["/$cbs", { type: "cbs" }],
    ["$CBS", { type: "cbs" }],
    ["amqps://localhost/$cbs", { type: "cbs" }],
    ["/messages/devicebound", serviceDevicebound],
    ["messages/devicebound", serviceDevicebound],
    ["/messages/deviceBound", serviceDevicebound],
    ["/Messages/DeviceBound/", serviceDevicebound],
    ["amqps://localhost/messages/devicebound", serviceDevicebound],
    ["amqps://localhost:5671/messages/devicebound", serviceDevicebound],
    ["amqps://user:pw@Hub.Example:5671/messages/devicebound", serviceDevicebound],
    ["AMQPS://localhost/messages/devicebound", serviceDevicebound],
    ["/messages/serviceBound/feedback", feedback],
    ["/messages/servicebound/feedback", feedback],
    ["amqps://localhost/messages/SERVICEBOUND/Feedback", feedback],
    ["/messages/serviceBound/filenotifications", { type: "fileNotifications" }],
    ["/devices/d1/messages/devicebound", { type: "deviceDevicebound", deviceId: "d1" }],
    ["/Devices/D1/Messages/deviceBound", { type: "deviceDevicebound", deviceId: "D1" }],
    ["/devices/a%20b%2F/messages/devicebound", { type: "deviceDevicebound", deviceId: "a b/" }],
    ["/devices/100%/messages/devicebound", { type: "deviceDevicebound", deviceId: "100%" }],
    ["amqps://localhost/devices/d1/messages/events", { type: "deviceEvents", deviceId: "d1" }],
    ["", { type: "unknown" }],
    ["/", { type: "unknown" }],
    ["/devices", { type: "unknown" }],
    ["/devices/d1", { type: "unknown" }],
    ["/devices//messages/devicebound", { type: "unknown" }],
    ["/devices/d1/messages/devicebound/more", { type: "unknown" }],
    ["/messages/devicebound/more", { type: "unknown" }],
    ["/devices/d1/modules/m1/messages/devicebound", { type: "unknown" }],
    ["/messages/serviceBound", { type: "unknown" }],
    ["$cbs/x", { type: "unknown" }],
  ])("%s is %j", (address, node) => {
    expect(parseAmqpAddress(address)).toEqual(node);
  });

  it("may contain any device id percent-encoded (Node)", () => {
    fc.assert(
      fc.property(deviceId, (id) => {
        expect(parseDeviceboundTo(`/devices/${encodeURIComponent(id)}/messages/devicebound`)).toBe(
          id,
        );
      }),
    );
  });

  it("may contain a device id with ? or # not encoded (C, Python)", () => {
    for (const id of ["what?", "a?b", "a#b", "?", "#1"]) {
      expect(parseDeviceboundTo(`/devices/${id}/messages/devicebound`)).toBe(id);
    }
  });

  it("never throws", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (any) => void parseAmqpAddress(any)));
  });
});

// Rule c2d-to.
describe("to", () => {
  it("contains the id as is, and is the only address of a device", () => {
    expect(deviceboundTo("a%b")).toBe("/devices/a%b/messages/devicebound");
    for (const other of ["/messages/devicebound", "/devices/d1/messages/events", "d1", ""]) {
      expect(parseDeviceboundTo(other)).toBeUndefined();
    }
  });
});

// Rule mqtt-subscribe.
describe("an MQTT filter", () => {
  it("is valid only for the device it names", () => {
    fc.assert(
      fc.property(deviceId, deviceId, (own, other) => {
        const filter = `devices/${own}/messages/devicebound/#`;
        expect(parseMqttFilter(filter, own)).toEqual({ type: "devicebound" });
        if (own !== other) expect(parseMqttFilter(filter, other)).toBeUndefined();
      }),
    );
  });

  it.each([
    ["$iothub/methods/POST/#", "methods"],
    ["$iothub/twin/res/#", "twinResponses"],
    ["$iothub/twin/PATCH/properties/desired/#", "twinDesiredPatches"],
  ])("%s is %s", (filter, type) => {
    expect(parseMqttFilter(filter, "d1")).toEqual({ type });
  });

  it.each([
    "#",
    "+",
    "devices/#",
    "devices/+/messages/devicebound/#",
    "devices/d1/#",
    "devices/d1/messages/#",
    "devices/d1/messages/devicebound",
    "devices/d1/messages/devicebound/",
    "devices/d1/messages/devicebound/+",
    "devices/d1/messages/events/#",
    "Devices/d1/messages/devicebound/#",
    "devices/D1/messages/devicebound/#",
    "/devices/d1/messages/devicebound/#",
    "$SYS/#",
    "$iothub/#",
    "",
  ])("%o is not allowed", (filter) => {
    expect(parseMqttFilter(filter, "d1")).toBeUndefined();
  });
});

describe("a devicebound topic", () => {
  it("returns its properties, to its own device only", () => {
    expect(deviceboundTopic("d1", "")).toBe("devices/d1/messages/devicebound/");
    expect(parseDeviceboundTopic(deviceboundTopic("d1", "a=1"), "d1")).toBe("a=1");
    expect(parseDeviceboundTopic(deviceboundTopic("d1", "a=1"), "d2")).toBeUndefined();
  });
});

describe("a resource", () => {
  it.each([
    ["hub.example", "hub.example", []],
    ["Hub.Example:443", "hub.example", []],
    ["https://hub.example", "hub.example", []],
    ["https%3A%2F%2Fhub.example", "hub.example", []],
    ["localhost%3A15671", "localhost", []],
    ["sb://hub.example:5671/messages/", "hub.example", ["messages"]],
    ["hub.example/devices/d1", "hub.example", ["devices", "d1"]],
    ["hub.example%2fdevices%2Fd1", "hub.example", ["devices", "d1"]],
    ["hub.example/devices/a%20b", "hub.example", ["devices", "a b"]],
    ["127.0.0.1:8883", "127.0.0.1", []],
  ])("%s has host %s and segments %j", (text, host, segments) => {
    expect(parseResource(text)).toEqual({ host, segments });
  });

  it.each(["::1", "[::1]", "[::1]:8883", "%5B%3A%3A1%5D%3A8883"])(
    "%s has the host ::1, a name of every local hub",
    (text) => {
      expect(parseResource(text).host).toBe("::1");
    },
  );

  it("may be encoded as a whole or segment by segment", () => {
    fc.assert(
      fc.property(deviceId, (id) => {
        const expected = { host: "hub.example", segments: ["devices", id] };
        const whole = encodeURIComponent(`hub.example/devices/${id}`);
        expect(parseResource(whole)).toEqual(expected);
        expect(parseResource(`hub.example/devices/${encodeURIComponent(id)}`)).toEqual(expected);
      }),
    );
  });

  it("never throws", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (any) => void parseResource(any)));
  });
});
