/** `c2d-hub status` and `start` report clients that do not trust the hub. */

import tls from "node:tls";
import { afterEach, beforeEach, expect, test } from "vitest";
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
