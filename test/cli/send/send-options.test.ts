import { describe, expect, test } from "vitest";
import { bodySourceOf } from "../../../src/cli/message/body-source.ts";
import { cloudToDeviceMaker } from "../../../src/cli/send/messages/planned-messages.ts";
import type { SendFlags } from "../../../src/cli/send/send-flags.ts";
import { toSendOptions } from "../../../src/cli/send/send-options.ts";
import { UsageError } from "../../../src/cli/terminal/usage-error.ts";

const NOW_MS = Date.UTC(2030, 0, 1);

const DEFAULTS: SendFlags = {
  output: "text",
  color: true,
  count: 1,
  interval: 0,
  timeout: 60_000,
  onQueueFull: "wait",
  connectTimeout: 30_000,
};

function optionsOf(flags: Partial<SendFlags>, text?: string) {
  const body =
    text === undefined ? undefined : ({ type: "text", text, isTemplate: false } as const);
  return toSendOptions({ ...DEFAULTS, ...flags }, body, NOW_MS);
}

function messageOf(flags: Partial<SendFlags>, text?: string) {
  const { message } = optionsOf(flags, text);
  return cloudToDeviceMaker(message)({
    n: 3,
    deviceId: "d1",
    run: "0a1b2c3d",
    nowMs: NOW_MS,
  });
}

describe("the default message is the tutorial's", () => {
  const message = messageOf({});

  test("its body", () => {
    expect(Buffer.from(message.body).toString()).toMatch(
      /^\{"service client sent a message": 1[2-6]\.\d\d\}$/,
    );
  });

  test("its properties", () => {
    expect(message.system).toEqual({
      messageId: "message_3_0a1b2c3d",
      correlationId: "correlation_3_0a1b2c3d",
      contentType: "application/json",
      contentEncoding: "utf-8",
      ack: "none",
    });
    expect(message.properties).toEqual({ testProperty: "PropMsg_3" });
  });
});

test("a custom body has no content type and no properties", () => {
  const message = messageOf({}, "hello {{n}}");
  expect(Buffer.from(message.body).toString()).toBe("hello {{n}}");
  expect(message.system.contentType).toBeUndefined();
  expect(message.system.contentEncoding).toBe("utf-8");
  expect(message.properties).toEqual({});
});

test("bytes have no content encoding", () => {
  const body = { type: "bytes", bytes: Buffer.of(0, 255) } as const;
  const { message } = toSendOptions(DEFAULTS, body, NOW_MS);
  expect(message.contentEncoding).toBeUndefined();
});

test("custom properties replace the default property", () => {
  expect(messageOf({ property: ["a=x{{n}}"] }).properties).toEqual({ a: "x3" });
  expect(messageOf({ properties: "a=b" }).properties).toEqual({ a: "b" });
});

test("--no-template leaves placeholders in ids, properties and the default body", () => {
  const message = messageOf({ template: false, property: ["a={{n}}", "b={{other}}"] });
  expect(message.system.messageId).toBe("message_{{n}}_{{run}}");
  expect(message.properties).toEqual({ a: "{{n}}", b: "{{other}}" });
  expect(Buffer.from(message.body).toString()).toContain("{{windSpeed}}");
});

test("a relative expiry is converted to an absolute time", () => {
  expect(messageOf({ expiry: "90s" }).system.expiryTimeUtcMs).toBe(NOW_MS + 90_000);
});

test.each<readonly [Partial<SendFlags>, string]>([
  [{}, "none"],
  [{ ack: "positive" }, "positive"],
  [{ wait: true }, "full"],
  [{ wait: true, ack: "negative" }, "negative"],
])("%j asks for feedback: %s", (flags, ack) => {
  expect(messageOf(flags).system.ack).toBe(ack);
});

test.each<readonly [string, Partial<SendFlags>]>([
  ["--wait with --ack none", { wait: true, ack: "none" }],
  ["an unknown placeholder in an id", { messageId: "{{nn}}" }],
  ["an unknown placeholder in a property", { property: ["a={{nn}}"] }],
  ["an expiry that has passed", { expiry: "2029-01-01" }],
])("%s is refused", (_title, flags) => {
  expect(() => optionsOf(flags)).toThrow(UsageError);
});

describe("the source of the body", () => {
  test.each<readonly [Partial<SendFlags>, object]>([
    [{}, { type: "default" }],
    [{ data: "x" }, { type: "text", text: "x", encoding: "utf8" }],
    [{ data: "" }, { type: "text", text: "", encoding: "utf8" }],
    [
      { data: "ff", dataEncoding: "hex" },
      { type: "text", text: "ff", encoding: "hex" },
    ],
    [{ data: "-" }, { type: "stdin", encoding: "utf8" }],
    [{ dataFilePath: "f" }, { type: "file", path: "f" }],
  ])("%j", (flags, source) => {
    expect(bodySourceOf({ ...DEFAULTS, ...flags })).toEqual(source);
  });

  test.each<Partial<SendFlags>>([
    { data: "x", dataFilePath: "f" },
    { dataFilePath: "f", dataEncoding: "hex" },
    { dataEncoding: "hex" },
    { template: true },
    { template: true, dataFilePath: "f" },
    { template: true, data: "ff", dataEncoding: "hex" },
  ])("%j is refused", (flags) => {
    expect(() => bodySourceOf({ ...DEFAULTS, ...flags })).toThrow(UsageError);
  });
});
