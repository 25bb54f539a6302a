import { expect, test } from "vitest";
import type { TelemetryFlags } from "../../../../src/cli/device/telemetry/telemetry-flags.ts";
import { toTelemetryOptions } from "../../../../src/cli/device/telemetry/telemetry-options.ts";
import { messageMaker } from "../../../../src/cli/message/make-message.ts";
import type { BodyPlan } from "../../../../src/cli/message/message-plan.ts";
import type { DeviceConfig } from "../../../../src/config/device-config.ts";

function messageOf(flags: Partial<TelemetryFlags> = {}, body?: BodyPlan, deviceId = "d1") {
  const config: DeviceConfig = {
    hub: { type: "local", home: "/home", deviceId, from: "--local" },
    transport: "mqtt",
    secrets: [],
  };
  const given: TelemetryFlags = {
    output: "text",
    color: true,
    interval: 30_000,
    messageTimeout: 10_000,
    reconnect: true,
    connectTimeout: 1000,
    ...flags,
  };
  const { message } = toTelemetryOptions(given, body, config);
  return messageMaker(message)({ n: 3, deviceId, run: "0a1b2c3d", nowMs: 0 });
}

test("the default message is the tutorial's, without further options", () => {
  const { body, ...rest } = messageOf();
  expect(Buffer.from(body).toString()).toMatch(/^\{"deviceId":"d1","windSpeed":1[2-6]\.\d\d\}$/);
  expect(rest).toEqual({
    system: {
      messageId: "message_3_0a1b2c3d",
      correlationId: "correlation_3_0a1b2c3d",
      contentType: "application/json",
      contentEncoding: "utf-8",
    },
    properties: { Property: "PropMsg_3" },
  });
});

test.each(['quo"te', "back\\slash", "$&", "{{n}"])("%s as a device id stays JSON", (deviceId) => {
  const { body } = messageOf({}, undefined, deviceId);
  expect(JSON.parse(Buffer.from(body).toString())).toMatchObject({ deviceId });
});

test("a custom body has no content type and no properties", () => {
  const message = messageOf({}, { type: "text", text: "{{n}}", isTemplate: true });
  expect(Buffer.from(message.body).toString()).toBe("3");
  expect(message.system.contentType).toBeUndefined();
  expect(message.properties).toEqual({});
});
