/** A hub at ::1, to which `localhost` need not resolve. */

import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseLines, run } from "../support/run-command.ts";
import { StartedHub } from "../support/started-hub.ts";

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((one) => one?.address === "::1");
if (!hasIpv6) console.warn("SKIPPED: this machine has no ::1; a hub there is not tried.");

let hub: StartedHub;

describe.skipIf(!hasIpv6)("with a hub at ::1", () => {
  beforeAll(async () => {
    hub = await StartedHub.start("--host", "::1");
  });

  afterAll(() => hub?.stop());

  test("status and env find it, with a host name valid in connection strings", async () => {
    expect(hub.hostName).toMatch(/^localhost:\d+$/);
    const status = await run("c2d-hub", ["status", "-o", "json"], hub.options);
    expect(parseLines(status.stdout)).toMatchObject([{ hostName: hub.hostName }]);
    const env = await run("c2d-hub", ["env", "-o", "json"], hub.options);
    const [variables] = parseLines(env.stdout);
    expect(variables?.IOTHUB_CONNECTION_STRING).toContain(`HostName=${hub.hostName};`);
  });

  test.each(["mqtt", "mqtt-ws", "amqp", "amqp-ws", "http"])(
    "a device listens and sends over %s",
    async (transport) => {
      const device = ["--transport", transport, "-d", transport, "-c", "1", "-o", "json"];
      const telemetry = await hub.run("c2d-device", "telemetry", ...device);
      expect(parseLines(telemetry.stdout).at(-1)).toMatchObject({ confirmed: 1 });
      const listener = hub.spawn("c2d-device", "listen", ...device);
      const service = transport.endsWith("-ws") ? "amqp-ws" : "amqp";
      const send = ["--transport", service, "-d", transport, "--wait", "-o", "json"];
      const sent = await hub.run("c2d-send", ...send);
      expect(parseLines(sent.stdout).at(-1)).toMatchObject({ type: "summary", success: 1 });
      expect((await listener.ended).code).toBe(0);
    },
  );

  test("registry commands reach it", async () => {
    const shown = await hub.run("c2d-hub", "device", "create", "-d", "new", "-o", "json");
    expect(parseLines(shown.stdout)).toMatchObject([{ deviceId: "new" }]);
    await hub.run("c2d-device", "telemetry", "-d", "new", "-c", "1");
    const monitor = ["monitor-events", "--enqueued-time", "0", "-d", "new", "-c", "1"];
    const events = await hub.run("c2d-hub", ...monitor, "-o", "json");
    expect(parseLines(events.stdout).at(-1)).toMatchObject({ type: "event", deviceId: "new" });
  });
});
