import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Message, PropertyValue } from "../../src/core/message.ts";
import {
  decodeDeviceboundProperties,
  decodePropertyBag,
  encodeDeviceboundProperties,
  encodePropertyBag,
} from "../../src/core/property-bag.ts";

function properties(entries: readonly (readonly [string, PropertyValue])[]) {
  return Object.fromEntries(entries);
}

/** Texts with many characters that are special in a bag. */
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom("=", "&", "%", "/", "$", "?", "+", " ", "#", "ü", "😀", "\0"),
  }),
  fc.constantFrom(
    "__proto__",
    "constructor",
    "toString",
    "%2",
    "%zz",
    "$.mid",
    "undefined",
    "null",
  ),
);
const name = text.filter((one) => one !== "");
const bag = fc
  .array(fc.tuple(name, fc.option(text)), { maxLength: 8 })
  .map((entries) => properties(entries));

describe("encode and decode", () => {
  it("preserve any names and values", () => {
    fc.assert(
      fc.property(bag, (before) => {
        const { properties: after, malformed } = decodePropertyBag(encodePropertyBag(before));
        expect(Object.entries(after).sort()).toEqual(Object.entries(before).sort());
        expect(malformed).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it("escape every character with a meaning in a topic or a bag", () => {
    fc.assert(
      fc.property(name, text, (key, value) => {
        expect(encodePropertyBag(properties([[key, value]]))).toMatch(
          /^[A-Za-z0-9\-._~%]*=[A-Za-z0-9\-._~%]*$/,
        );
      }),
    );
  });

  it("preserve a property named __proto__", () => {
    const before = properties([["__proto__", "x"]]);
    const after = decodePropertyBag(encodePropertyBag(before)).properties;
    expect(Object.entries(after)).toEqual([["__proto__", "x"]]);
    expect(Object.getPrototypeOf(after)).toBe(Object.prototype);
  });
});

// Rule mqtt-properties.
describe("encoding", () => {
  it.each([
    ["space as %20, never +", { "a b": "c d" }, "a%20b=c%20d"],
    ["plus", { a: "+" }, "a=%2B"],
    ["dollar and slash too", { "$.to": "/a" }, "%24.to=%2Fa"],
    ["the reserved characters encodeURIComponent leaves", { a: "!'()*" }, "a=%21%27%28%29%2A"],
    ["no value as a bare name", { a: null, b: "" }, "a&b="],
  ])("writes %s", (_what, before, encoded) => {
    expect(encodePropertyBag(before)).toBe(encoded);
  });
});

// Rule mqtt-properties.
describe("decoding", () => {
  it.each<[string, string, Record<string, PropertyValue>]>([
    ["a bare name is null", "k", { k: null }],
    ["nothing after = is an empty value", "k=", { k: "" }],
    ["a value keeps every = after the first", "k=a=b==", { k: "a=b==" }],
    ["a leading ? is dropped", "?a=1&b", { a: "1", b: null }],
    ["only the first leading ? is dropped", "??a=1", { "?a": "1" }],
    ["a trailing / is dropped", "a=1/", { a: "1" }],
    ["a leading ? and a trailing / are dropped", "?a=1&b=2/", { a: "1", b: "2" }],
    ["an encoded / is kept", "a=1%2F", { a: "1/" }],
    ["a plus is a plus", "a=b+c", { a: "b+c" }],
    ["hex digits in any case", "%24.to=%2f%2F", { "$.to": "//" }],
    ["an unencoded $ is accepted", "$.mid=1", { "$.mid": "1" }],
    ["empty parts are ignored", "&&a=1&&", { a: "1" }],
    ["the last of duplicate names counts", "a=1&a=2", { a: "2" }],
    ["an empty bag has no properties", "", {}],
    ["a lone / has no properties", "/", {}],
  ])("%s", (_rule, encoded, decoded) => {
    expect(decodePropertyBag(encoded)).toEqual({ properties: decoded, malformed: [] });
  });

  it.each(["%", "%2", "%zz", "100%", "%E4", "%C3%28"])(
    "keeps malformed encoding (%s) as is, and reports it",
    (bad) => {
      expect(decodePropertyBag(`a=${bad}&b=1`)).toEqual({
        properties: { a: bad, b: "1" },
        malformed: [bad],
      });
    },
  );

  it("never throws", () => {
    fc.assert(fc.property(text, (any) => void decodeDeviceboundProperties(any)));
  });
});

describe("a devicebound bag", () => {
  const full: Message = {
    system: {
      messageId: "m 1",
      correlationId: "c&1",
      userId: "u=1",
      to: "/devices/device1/messages/devicebound",
      contentType: "application/json",
      contentEncoding: "utf-8",
      expiryTimeUtcMs: Date.UTC(2017, 0, 6, 23, 37, 0, 669),
      ack: "full",
    },
    properties: { "k é": "v/1" },
    body: Buffer.alloc(0),
  };

  // Rule mqtt-properties.
  it("has the system properties under Azure's keys", () => {
    const written = encodeDeviceboundProperties(full);
    expect(written.split("&")).toEqual([
      "%24.mid=m%201",
      "%24.cid=c%261",
      "%24.uid=u%3D1",
      "%24.to=%2Fdevices%2Fdevice1%2Fmessages%2Fdevicebound",
      "%24.ct=application%2Fjson",
      "%24.ce=utf-8",
      "%24.exp=2017-01-06T23%3A37%3A00.669Z",
      "iothub-ack=full",
      "k%20%C3%A9=v%2F1",
    ]);
    expect(decodeDeviceboundProperties(written)).toEqual({
      system: full.system,
      properties: full.properties,
      malformed: [],
    });
  });

  it("keeps system properties that it cannot parse as application properties", () => {
    const { system, properties: rest } = decodeDeviceboundProperties(
      "%24.exp=soon&iothub-ack=perhaps&%24.mid&%24.new=1",
    );
    expect(system).toEqual({});
    expect(rest).toEqual({
      "$.exp": "soon",
      "iothub-ack": "perhaps",
      "$.mid": null,
      "$.new": "1",
    });
  });
});
