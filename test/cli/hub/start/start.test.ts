/** `c2d-hub start`: what it prints, when it refuses, how it ends; and the variables of `c2d-hub env`. */

import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseLines, run } from "../../support/run-command.ts";
import { StartedHub } from "../../support/started-hub.ts";

let hub: StartedHub;

beforeEach(async () => {
  hub = await StartedHub.start();
});

afterEach(() => hub.stop());

test("start prints where the hub listens, and exits with 0 on SIGTERM", async () => {
  expect(hub.ready).toEqual({
    type: "hub",
    hostName: expect.stringMatching(/^localhost:\d+$/),
    ports: [expect.any(Number)],
    caFile: join(hub.directory, "home", "ca.pem"),
    pid: process.pid,
    ui: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/),
  });
  expect(statSync(join(hub.directory, "home")).mode & 0o777).toBe(0o700);
  expect(await hub.end()).toMatchObject({ code: 0 });
});

test("a second hub for the same home is refused", async () => {
  const { code, stderr } = await run("c2d-hub", ["start", "--port", "0"], hub.options);
  expect(stderr).toContain("is already running for");
  expect(code).toBe(6);
});

test("a port in use is reported", async () => {
  const [, port = ""] = hub.hostName.split(":");
  const { code, stderr } = await run("c2d-hub", ["start", "--port", port], {
    ...hub.options,
    env: { C2D_HOME: join(hub.directory, "other") },
  });
  expect(stderr).toContain(`Port ${port}`);
  expect(code).toBe(6);
});

test("env prints variables that other programs can use, in each format", async () => {
  const json = await run("c2d-hub", ["env", "--format", "json", "-d", "d2"], hub.options);
  const variables = JSON.parse(json.stdout) as Record<string, string>;
  expect(Object.keys(variables)).toEqual([
    "IOTHUB_CONNECTION_STRING",
    "IOTHUB_DEVICE_CONNECTION_STRING",
    "IOTHUB_DEVICE_ID",
    "EVENTHUB_CONNECTION_STRING",
    "IOTHUB_CA_FILE",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
  ]);
  const bundle = readFileSync(variables.SSL_CERT_FILE ?? "", "utf8");
  expect(bundle).toContain(readFileSync(variables.IOTHUB_CA_FILE ?? "", "utf8").trim());
  expect(bundle.match(/BEGIN CERTIFICATE/g)?.length).toBeGreaterThan(50);
  const sh = await run("c2d-hub", ["env", "-d", "d2"], hub.options);
  expect(sh.stdout).toContain(
    `export IOTHUB_CONNECTION_STRING='${variables.IOTHUB_CONNECTION_STRING}'\n`,
  );
  const dotenv = await run("c2d-hub", ["env", "-d", "d2", "--format", "dotenv"], hub.options);
  writeFileSync(join(hub.directory, ".env"), dotenv.stdout);
  // No --local: the tools read the hub from .env, as for Azure.
  const sent = await run("c2d-send", ["-o", "json"], { directory: hub.directory });
  expect(parseLines(sent.stdout)).toMatchObject([{ deviceId: "d2" }, { sent: 1 }]);
  const received = await run("c2d-device", ["listen", "-c", "1", "-o", "json"], {
    directory: hub.directory,
  });
  expect(parseLines(received.stdout)).toContainEqual(
    expect.objectContaining({ type: "message", deviceId: "d2" }),
  );
});

test("env and status without a hub exit with 5", async () => {
  await hub.end();
  for (const command of ["env", "status"]) {
    const { code, stderr } = await run("c2d-hub", [command, "-o", "json"], hub.options);
    expect(parseLines(stderr)).toMatchObject([{ name: "LocalHubNotRunning" }]);
    expect(code).toBe(5);
  }
});
