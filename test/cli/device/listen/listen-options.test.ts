import { describe, expect, test } from "vitest";
import type { ListenFlags } from "../../../../src/cli/device/listen/listen-flags.ts";
import { toListenOptions } from "../../../../src/cli/device/listen/listen-options.ts";
import type { DeviceConfig } from "../../../../src/config/device-config.ts";
import { DEVICE_TRANSPORTS } from "../../../../src/config/settings.ts";

type Transport = DeviceConfig["transport"];

function optionsOf(transport: Transport, flags: Partial<ListenFlags> = {}) {
  const config: DeviceConfig = {
    hub: { type: "local", home: "/home", deviceId: "d", from: "--local" },
    transport,
    secrets: [],
  };
  const given: ListenFlags = {
    output: "text",
    color: true,
    settle: "complete",
    reconnect: true,
    connectTimeout: 1000,
    ...flags,
  };
  return toListenOptions(given, { type: "text" }, config);
}

describe.each(["mqtt", "mqtt-ws"] as const)("over %s", (transport) => {
  test.each(["abandon", "reject", "none"] as const)("--settle %s is refused", (settle) => {
    expect(() => optionsOf(transport, { settle })).toThrow(
      `--settle ${settle} is not supported over ${transport}`,
    );
  });
});

describe.each(["amqp", "amqp-ws", "http"] as const)("over %s", (transport) => {
  test.each(["complete", "abandon", "reject", "none"] as const)(
    "--settle %s is accepted",
    (settle) => {
      expect(optionsOf(transport, { settle }).settlement).toBe(settle);
    },
  );
});

test("the keep-alive is 180 s by default, and at least 1 s", () => {
  expect(optionsOf("mqtt").connection.keepAliveSeconds).toBe(180);
  expect(optionsOf("amqp", { keepalive: 200 }).connection.keepAliveSeconds).toBe(1);
  expect(() => optionsOf("mqtt", { keepalive: 65_536_000 })).toThrow("cannot exceed 65535 s");
});

test("--keepalive is refused over http", () => {
  expect(() => optionsOf("http", { keepalive: 1000 })).toThrow(
    "--keepalive has no effect over http",
  );
});

test.each(DEVICE_TRANSPORTS)("--poll-interval is for http only: %s", (transport) => {
  const ask = () => optionsOf(transport, { pollInterval: 500 }).pollIntervalMs;
  if (transport === "http") expect(ask()).toBe(500);
  else expect(ask).toThrow(`--poll-interval has no effect over ${transport}`);
});
