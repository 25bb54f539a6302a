/** Who looks inside the hub does not keep it running. */

import { get } from "node:https";
import { expect, onTestFinished, test } from "vitest";
import { ManualClock } from "../../src/async/clock.ts";
import { parseHubConnectionString } from "../../src/core/connection-string.ts";
import { formatSasToken } from "../../src/core/sas-token.ts";
import { LOG_PATH } from "../../src/hub/home/home.ts";
import { startHomeHub } from "../../src/hub/home-hub.ts";
import { temporaryDirectory } from "../support/local-hub.ts";

test("a hub stops when it is idle, although its log is followed", async () => {
  const clock = new ManualClock();
  const directory = temporaryDirectory();
  const hub = await startHomeHub({ directory, ports: [0], idleExitMs: 60_000, clock });
  onTestFinished(() => hub.stop());
  const { sharedAccessKeyName, sharedAccessKey } = parseHubConnectionString(hub.connectionString);
  const authorization = formatSasToken({
    resource: "localhost",
    key: sharedAccessKey.reveal(),
    policyName: sharedAccessKeyName,
    expirySeconds: Math.floor(clock.nowMs() / 1000) + 3600,
  });
  const lost = new Promise<void>((resolve, reject) => {
    const outgoing = get({
      host: "127.0.0.1",
      port: hub.ports[0],
      path: `${LOG_PATH}?follow=true`,
      headers: { authorization },
      rejectUnauthorized: false,
    });
    outgoing.on("error", reject);
    outgoing.on("response", (response) => {
      response.on("error", () => {});
      response.on("close", resolve);
      response.once("data", () => clock.advance(60_000));
    });
  });
  await lost;
  await expect(hub.stopped).resolves.toBeUndefined();
});
