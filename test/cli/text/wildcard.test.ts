import fc from "fast-check";
import { expect, test } from "vitest";
import { compileWildcard, literalOf } from "../../../src/cli/text/wildcard.ts";

test.each([
  ["dev1", "dev1", true],
  ["dev1", "dev10", false],
  ["dev*", "dev", true],
  ["dev*", "dev*", true],
  ["dev*", "a-dev", false],
  ["*", "", true],
  ["*-a", "x-a", true],
  ["*-a", "x-a-b", false],
  ["a*a", "a", false],
  ["a*a", "aa", true],
  ["a*b*c", "a-b-c", true],
  ["a*b*c", "a-c", false],
  ["a*bc*c", "abc", false],
  ["**", "x", true],
  ["dev\\*", "dev*", true],
  ["dev\\*", "dev1", false],
  ["\\**", "*1", true],
  ["\\**", "1*", false],
  ["a.c?", "abcd", false],
  ["a.c?", "a.c?", true],
])("%s and %s: %s", (pattern, text, isMatch) => {
  expect(compileWildcard(pattern)(text)).toBe(isMatch);
});

test("it matches what the same regular expression matches", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 });
  const patterns = fc.string({ unit: fc.constantFrom("a", "b", "*", "\\*"), maxLength: 8 });
  fc.assert(
    fc.property(patterns, letters, fc.boolean(), (pattern, text, hasStar) => {
      const shown = hasStar ? text.replace("a", "*") : text;
      const source = pattern.replace(/\\\*|\*/g, (one) => (one === "*" ? ".*" : "\\*"));
      expect(compileWildcard(pattern)(shown)).toBe(new RegExp(`^${source}$`).test(shown));
    }),
  );
});

test("an id that is literally the pattern matches", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", "*", "-"), maxLength: 8 }), (id) => {
      expect(compileWildcard(id)(id)).toBe(true);
    }),
  );
});

test("a pattern without wildcards is a literal", () => {
  expect(literalOf("dev1")).toBe("dev1");
  expect(literalOf("dev\\*")).toBe("dev*");
  expect(literalOf("dev*")).toBeUndefined();
});
