import { describe, expect, test } from "vitest";
import { validateContentEncoding } from "../../../src/cli/message/content-encoding.ts";
import { planMessage } from "../../../src/cli/message/message-plan.ts";
import { UsageError } from "../../../src/cli/terminal/usage-error.ts";

describe("text", () => {
  test.each([
    ["utf-8", "\uFEFFü"],
    ["UTF8", "ü"],
    ["us-ascii", "plain"],
    ["iso-8859-1", "plain"],
    ["gzip", "ü"],
    ["x-own", "ü"],
    ["", "ü"],
  ])("with content encoding %j is accepted: %j", (contentEncoding, text) => {
    expect(() => validateContentEncoding(contentEncoding, text)).not.toThrow();
  });

  test.each([
    ["utf-16", "plain"],
    ["UTF-16LE", "plain"],
    [" utf-16be ", ""],
    ["ucs-2", "plain"],
    ["utf-32", "plain"],
    ["utf-7", "plain"],
    ["iso-8859-1", "ü"],
    ["us-ascii", "ü"],
    ["shift_jis", "ü"],
  ])("with content encoding %j is refused: %j", (contentEncoding, text) => {
    expect(() => validateContentEncoding(contentEncoding, text)).toThrow(UsageError);
  });
});

test("bytes may have any content encoding", () => {
  const body = { type: "bytes", bytes: Buffer.from("hi", "utf16le") } as const;
  const { message } = planMessage({ contentEncoding: "utf-16" }, body, {
    body: "",
    properties: {},
  });
  expect(message.contentEncoding).toBe("utf-16");
});
