import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { handlerEnvironment } from "../../../../src/cli/device/handling/handler-environment.ts";
import { toMessageRecord } from "../../../../src/cli/device/receiving/message-record.ts";
import type { ReceivedMessage } from "../../../../src/client/connection/device-connection.ts";

const ARRIVAL = { n: 1, receivedAtMs: 0, deviceId: "device1", isDuplicate: false };

function environmentOf(
  parts: Partial<ReceivedMessage> = {},
  inherited: Record<string, string> = {},
  isSecret: (name: string, value: string) => boolean = () => false,
) {
  const message: ReceivedMessage = {
    system: {},
    properties: {},
    body: Buffer.from("body"),
    isRedelivered: false,
    malformed: [],
    ...parts,
  };
  return handlerEnvironment(toMessageRecord(message, ARRIVAL), inherited, isSecret);
}

test("has the message, its ids and its properties", () => {
  const { C2D_MESSAGE = "", ...others } = environmentOf({
    system: { messageId: "m1", correlationId: "c1", contentType: "text/plain" },
    properties: { level: "5", "room-2 é": "hall", empty: null },
  });
  expect(others).toEqual({
    C2D_DEVICE_ID: "device1",
    C2D_MESSAGE_ID: "m1",
    C2D_CORRELATION_ID: "c1",
    C2D_CONTENT_TYPE: "text/plain",
    C2D_PROPERTY_LEVEL: "5",
    C2D_PROPERTY_ROOM_2__: "hall",
    C2D_PROPERTY_EMPTY: "",
  });
  const message = JSON.parse(C2D_MESSAGE) as Record<string, unknown>;
  expect(message).toMatchObject({ type: "message", messageId: "m1", properties: { level: "5" } });
  expect(Object.keys(message)).not.toContain("body");
  expect(Object.keys(message)).not.toContain("raw");
});

test("of two properties with the same variable, the first counts", () => {
  expect(environmentOf({ properties: { "a-b": "1", "a.b": "2", A_B: "3" } })).toMatchObject({
    C2D_PROPERTY_A_B: "1",
  });
});

describe("of what is inherited", () => {
  test("variables of a message are not kept, others are", () => {
    const inherited = {
      C2D_MESSAGE_ID: "old",
      C2D_PROPERTY_X: "old",
      C2D_OMITTED: "old",
      C2D_HOME: "/home/me",
      PATH: "/bin",
    };
    const environment = environmentOf({}, inherited);
    expect(Object.values(environment)).not.toContain("old");
    expect(environment).toMatchObject({ C2D_HOME: "/home/me", PATH: "/bin" });
  });

  test("no secret is kept", () => {
    const inherited = { KEY: "abc-secret-def", OTHER: "public" };
    const environment = environmentOf({}, inherited, (_, value) => value.includes("secret"));
    expect(environment).toMatchObject({ OTHER: "public" });
    expect(environment.KEY).toBeUndefined();
  });
});

test("what cannot be a variable is listed in C2D_OMITTED", () => {
  const environment = environmentOf({
    system: { messageId: "a\0b", correlationId: "c1" },
    properties: { long: "x".repeat(128 * 1024), ok: "1" },
  });
  expect(environment).toMatchObject({ C2D_CORRELATION_ID: "c1", C2D_PROPERTY_OK: "1" });
  expect(environment.C2D_OMITTED?.split(" ")).toEqual([
    "C2D_MESSAGE_ID",
    "C2D_PROPERTY_LONG",
    "C2D_MESSAGE",
  ]);
  expect(environment.C2D_MESSAGE_ID).toBeUndefined();
});

test("whatever a message contains, a variable is a name, a value without NUL, and not too long", () => {
  const text = fc.string({ unit: "binary", maxLength: 50 });
  fc.assert(
    fc.property(text, text, fc.dictionary(text, fc.option(text)), (id, type, properties) => {
      const environment = environmentOf({
        system: { messageId: id, contentType: type },
        properties,
      });
      for (const [name, value = ""] of Object.entries(environment)) {
        expect(name).toMatch(/^C2D_[A-Z0-9_]+$/);
        expect(value).not.toContain("\0");
      }
    }),
  );
});
