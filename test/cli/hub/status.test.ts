/** `c2d-hub status` shows the running hub; it and `start` report clients that do not trust it. */

import tls from "node:tls";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { splitHostPort } from "../../../src/core/connection-string.ts";
import { parseLines, run } from "../support/run-command.ts";
import { StartedHub } from "../support/started-hub.ts";

let hub: StartedHub;

beforeEach(async () => {
  hub = await StartedHub.start();
});

afterEach(() => hub.stop());

async function status(...flags: readonly string[]) {
  const { code, stdout } = await run("c2d-hub", ["status", ...flags], hub.options);
  expect(code).toBe(0);
  return stdout;
}

test("failed handshakes are counted, except our own", async () => {
  expect(parseLines(await status("-o", "json"))).toMatchObject([{ refusedHandshakes: 0 }]);
  expect(await status()).toMatch(/^Failed handshakes: 0$/m);
  const { port = 0 } = splitHostPort(hub.hostName);
  const client = tls.connect({ host: "127.0.0.1", port });
  client.on("error", () => {});
  await new Promise((resolve) => client.once("close", resolve));
  expect(parseLines(await status("-o", "json"))).toMatchObject([{ refusedHandshakes: 1 }]);
  expect(await status()).toMatch(/^Failed handshakes: 1 .*c2d-hub env/m);
  expect(hub.events).toMatchObject([
    { type: "handshakeFailed", remoteAddress: "127.0.0.1", hint: expect.stringContaining("CA") },
  ]);
});

test("clients are counted by protocol, and so are waiting messages", async () => {
  await hub.send("-d", "device2", "--count", "3");
  const listener = await hub.listen("--transport", "amqp-ws");
  const other = await hub.listen("-d", "device3");
  expect(parseLines(await status("-o", "json"))).toEqual([
    {
      ...hub.ready,
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      startedAtUtc: expect.stringMatching(/^2\d{3}-\d\d-\d\dT[\d:.]{12}Z$/),
      devices: 3,
      connections: { mqtt: 1, amqp: 1, https: 0 },
      messagesWaiting: 3,
      refusedHandshakes: 0,
    },
  ]);
  const text = await status();
  expect(text).toMatch(/^Clients: {11}1 mqtt, 1 amqp$/m);
  expect(text).toMatch(/^Messages waiting: {2}3$/m);
  for (const one of [listener, other]) one.interrupt();
  await Promise.all([listener.ended, other.ended]);
  await hub.reached("deviceDisconnected", 2);
  // The device is gone before its connection.
  await vi.waitFor(async () => expect(await status()).toMatch(/^Clients: {11}none$/m));
});
