import { expect, test } from "vitest";
import { createRawFormat } from "../../../src/cli/text/raw-body.ts";

test("bytes are written unchanged, each body followed by the separator", () => {
  const body = Buffer.of(0xff, 0x00, 0x1b, 0x0a);
  expect(createRawFormat("\n", false)(body)).toEqual(Buffer.of(0xff, 0x00, 0x1b, 0x0a, 0x0a));
  expect(createRawFormat("", false)(body)).toEqual(body);
});

test("on a terminal they are text without control characters", () => {
  const body = Buffer.from("a\tb\r\n\u001b[31m\ufeff");
  expect(createRawFormat("\n", true)(body)).toBe("a\tb\\r\n\\u001b[31m\\ufeff\n");
  expect(createRawFormat("", true)(Buffer.of(0x61, 0x9b, 0xff))).toBe("a\ufffd\ufffd");
});
