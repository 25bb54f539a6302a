import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_DEVICE_TO_CLOUD_BYTES } from "../../src/core/limits.ts";
import { messageSizeBytes, type Telemetry, validateTelemetry } from "../../src/core/message.ts";
import { decodeTelemetryProperties } from "../../src/core/property-bag.ts";
import { type AmqpNode, parseAmqpAddress, parseEventsTopic } from "../../src/core/resource-path.ts";

const TOO_LARGE = expect.objectContaining({ name: "MessageTooLarge" });
const REFUSED = expect.objectContaining({ name: "ArgumentInvalid" });

function telemetry(fields: Partial<Telemetry> = {}): Telemetry {
  return { system: {}, properties: {}, body: Buffer.alloc(0), ...fields };
}

function ofSize(bytes: number): Telemetry {
  return telemetry({ body: Buffer.alloc(bytes) });
}

// Rule d2c-size.
describe("the size of telemetry", () => {
  const full: Telemetry = {
    system: {
      messageId: "é",
      messageIdType: "uuid",
      contentType: "text/plain",
      interfaceId: "urn:a",
      subject: "part",
      schema: "s",
      creationTimeUtc: "2026",
      expiryTimeUtcMs: 1e12,
    },
    properties: { name: "välue", bare: null },
    body: Buffer.alloc(100),
  };
  const fullSize = 2 + 10 + 5 + 4 + 1 + 4 + 8 + (4 + 6) + 4 + 100;

  it("counts body, values of system properties, names and values of properties, in bytes", () => {
    expect(messageSizeBytes(full)).toBe(fullSize);
  });

  it("may be 256 KB, but not a byte more", () => {
    expect(MAX_DEVICE_TO_CLOUD_BYTES).toBe(262_144);
    validateTelemetry([ofSize(262_144)]);
    expect(() => validateTelemetry([ofSize(262_145)])).toThrow(TOO_LARGE);
    const withProperties = { ...full, body: Buffer.alloc(262_144 - fullSize + 100) };
    validateTelemetry([withProperties]);
    expect(() =>
      validateTelemetry([{ ...withProperties, properties: { ...full.properties, x: null } }]),
    ).toThrow("The message has 262145 bytes including properties");
  });

  it("of a batch is the total of its messages", () => {
    validateTelemetry([ofSize(131_072), ofSize(131_072)]);
    const batch = [ofSize(131_072), ofSize(131_072), ofSize(1)];
    expect(() => validateTelemetry(batch)).toThrow(TOO_LARGE);
    expect(() => validateTelemetry(batch)).toThrow("The 3 messages have 262145 bytes");
  });
});

describe("telemetry is refused", () => {
  it.each<[string, Telemetry["system"]]>([
    ["a message id of 129 characters", { messageId: "x".repeat(129) }],
    ["an expiry of NaN", { expiryTimeUtcMs: Number.NaN }],
    ["an expiry beyond the range of Date", { expiryTimeUtcMs: 9e15 }],
  ])("for %s, also as the last of a batch", (_what, system) => {
    expect(() => validateTelemetry([telemetry({ system })])).toThrow(REFUSED);
    expect(() => validateTelemetry([ofSize(1), ofSize(1), telemetry({ system })])).toThrow(REFUSED);
  });

  it("not for a message id of 128 characters", () => {
    validateTelemetry([telemetry({ system: { messageId: "x".repeat(128) } })]);
  });
});

// Rule d2c-mqtt.
describe("the topic of a device's telemetry", () => {
  it.each<[string, string | undefined]>([
    ["devices/d1/messages/events/", ""],
    ["devices/d1/messages/events", ""],
    ["devices/d1/messages/events/a=b&c=d", "a=b&c=d"],
    ["devices/d1/messages/events/a=b/", "a=b/"],
    ["devices/d1/messages/events//", "/"],
    ["devices/d2/messages/events/", undefined],
    ["devices/D1/messages/events/", undefined],
    ["devices/d1/messages/eventsX", undefined],
    ["devices/d1/messages/Events/", undefined],
    ["Devices/d1/messages/events/", undefined],
    ["/devices/d1/messages/events/", undefined],
    ["devices/d1/messages/devicebound/", undefined],
    ["devices/d1/modules/m/messages/events/", undefined],
    ["$iothub/twin/GET/?$rid=1", undefined],
    ["$SYS", undefined],
    ["", undefined],
  ])("%o has the properties %o", (topic, bag) => {
    expect(parseEventsTopic(topic, "d1")).toBe(bag);
  });

  it("is valid only for the device it names", () => {
    const deviceId = fc.string({ unit: fc.constantFrom(..."aB1-.+%_#*?!(),=@$':"), minLength: 1 });
    fc.assert(
      fc.property(deviceId, deviceId, fc.string(), (own, other, bag) => {
        const topic = `devices/${own}/messages/events/${bag}`;
        expect(parseEventsTopic(topic, own)).toBe(bag);
        if (other !== own) expect(parseEventsTopic(topic, other)).toBeUndefined();
      }),
    );
  });
});

// Rule d2c-properties.
describe("the properties in a topic", () => {
  it("are system properties, with keys encoded or not, and application properties", () => {
    const bag =
      "%24.mid=m%2F1&$.cid=c1&%24.uid=u&%24.to=t&%24.ct=application%2Fjson&%24.ce=utf-8" +
      "&%24.ifid=urn%3Aa&%24.sub=part&%24.schema=s&%24.ctime=2026-01-01&%24.exp=2026-01-01T00%3A00%3A00Z" +
      "&a%20b=%C3%BC&empty=&bare&iothub-ack=full";
    expect(decodeTelemetryProperties(bag)).toEqual({
      system: {
        messageId: "m/1",
        correlationId: "c1",
        userId: "u",
        to: "t",
        contentType: "application/json",
        contentEncoding: "utf-8",
        interfaceId: "urn:a",
        subject: "part",
        schema: "s",
        creationTimeUtc: "2026-01-01",
        expiryTimeUtcMs: Date.UTC(2026, 0, 1),
      },
      properties: { "a b": "ü", empty: "", bare: null, "iothub-ack": "full" },
    });
  });

  it.each<[string, Record<string, string | null>]>([
    ["?a=b", { a: "b" }],
    ["a=b/", { a: "b" }],
    ["?a=b&c/", { a: "b", c: null }],
    ["&&a=b&", { a: "b" }],
    ["a+b=c+d", { "a+b": "c+d" }],
    ["a=%zz", { a: "%zz" }],
    ["%zz=%", { "%zz": "%" }],
    ["a=b=c", { a: "b=c" }],
    ["%24.exp=tomorrow", { "$.exp": "tomorrow" }],
    ["%24.mid", { "$.mid": null }],
    ["%24.cdid=other", { "$.cdid": "other" }],
    [
      "__proto__=x&constructor=y",
      Object.fromEntries([
        ["__proto__", "x"],
        ["constructor", "y"],
      ]),
    ],
    ["", {}],
    ["/", {}],
  ])("%o are %j", (bag, properties) => {
    const decoded = decodeTelemetryProperties(bag);
    expect(decoded.system).toEqual({});
    expect(Object.entries(decoded.properties)).toEqual(Object.entries(properties));
  });
});

// Rule event-address.
describe("an address of events", () => {
  const partition = (
    consumerGroup: string,
    partitionId: string,
    ...segments: string[]
  ): AmqpNode => ({
    type: "eventPartition",
    consumerGroup,
    partitionId,
    segments,
  });
  const redirect = (path: string, ...below: readonly string[]): AmqpNode => ({
    type: "eventRedirect",
    path,
    segments: ["messages", "events", ...below],
  });
  const management: AmqpNode = { type: "eventManagement" };
  const sender: AmqpNode = { type: "eventHubSender" };
  it.each<[string, AmqpNode]>([
    [
      "messages/ConsumerGroups/$Default/Partitions/0",
      partition("$Default", "0", "messages", "ConsumerGroups", "$Default", "Partitions", "0"),
    ],
    [
      "amqps://localhost:5671/Messages/consumergroups/audit/partitions/9",
      partition("audit", "9", "Messages", "consumergroups", "audit", "partitions", "9"),
    ],
    ["$management", management],
    ["/$management", management],
    ["messages/$management", management],
    ["amqps://localhost/messages/$Management", management],
    ["messages", sender],
    ["messages/Partitions/0", sender],
    ["/messages/events", redirect("messages")],
    ["messages/events/", redirect("messages/")],
    ["/messages/events/$management", redirect("messages/$management", "$management")],
    [
      "/messages/events/ConsumerGroups/$Default/Partitions/0",
      redirect(
        "messages/ConsumerGroups/$Default/Partitions/0",
        "ConsumerGroups",
        "$Default",
        "Partitions",
        "0",
      ),
    ],
    ["messages/ConsumerGroups/$Default/Partitions", { type: "unknown" }],
    ["messages/ConsumerGroups/$Default/Partitions/0/x", { type: "unknown" }],
    ["messages/ConsumerGroups/$Default/0", { type: "unknown" }],
    ["messages/$management/x", { type: "unknown" }],
    ["other/ConsumerGroups/$Default/Partitions/0", { type: "unknown" }],
    ["other/$management", { type: "unknown" }],
  ])("%s", (address, node) => {
    expect(parseAmqpAddress(address)).toEqual(node);
  });
});
