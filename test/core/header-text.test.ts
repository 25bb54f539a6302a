import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeHeaderName,
  decodeHeaderValue,
  encodeHeaderName,
  encodeHeaderValue,
} from "../../src/core/header-text.ts";

const text = fc.string({ unit: "grapheme" });

// Rule https-headers.
describe("text in a header", () => {
  test("values are encoded to valid values, and decoded unchanged", () => {
    fc.assert(
      fc.property(text, (value) => {
        // Text that looks encoded is ambiguous.
        fc.pre(!/%[0-9A-F]{2}/i.test(value));
        const header = encodeHeaderValue(value);
        expect(header).toMatch(/^([\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?)?$/);
        expect(decodeHeaderValue(header)).toBe(value);
      }),
    );
  });

  test("names are encoded to tokens, and decoded unchanged", () => {
    fc.assert(
      fc.property(text, (name) => {
        const header = encodeHeaderName(name);
        expect(header).toMatch(/^[A-Za-z0-9!#$%&'*+.^_`|~-]*$/);
        expect(decodeHeaderName(header)).toBe(name);
      }),
    );
  });

  test.each(["100%", "a%20b", "%41bc", "a%2Fb", "%ZZ", "50% off"])("%s is not encoded", (value) => {
    expect(encodeHeaderValue(value)).toBe(value);
    expect(decodeHeaderValue(value)).toBe(value);
  });

  test.each([
    ["ü", "%C3%BC"],
    [" a ", "%20a%20"],
    ["a\nb", "a%0Ab"],
  ])("%j is encoded", (value, header) => {
    expect(encodeHeaderValue(value)).toBe(header);
    expect(decodeHeaderValue(header)).toBe(value);
  });

  test("a malformed name is detected", () => {
    expect(decodeHeaderName("a%ZZ")).toBeUndefined();
  });
});
