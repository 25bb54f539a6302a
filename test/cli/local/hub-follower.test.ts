/** Running commands follow the local hub, from one hub to the next. */

import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { findRunningHub } from "../../../src/cli/local/find-running-hub.ts";
import { HubFollower } from "../../../src/cli/local/hub-follower.ts";
import type { Context } from "../../../src/cli/program/run-program.ts";
import { connectDevice } from "../../../src/client/device/connect-device.ts";
import { parseDeviceConnectionString } from "../../../src/core/connection-string.ts";
import { createHome, writeHubDescription } from "../../../src/hub/home/home.ts";
import { startHomeHub } from "../../../src/hub/home-hub.ts";
import type { LocalHub } from "../../../src/hub/local-hub.ts";
import { startSilentServer } from "../../client/support/silent-server.ts";
import { freePort, temporaryDirectory } from "../../support/local-hub.ts";

async function startAt(directory: string, isBackground = false): Promise<LocalHub> {
  const hub = await startHomeHub({ directory, ports: [0], devices: ["device1"], isBackground });
  onTestFinished(() => hub.stop());
  return hub;
}

function follow(home: string) {
  const told: string[] = [];
  const reporter = {
    info: (text: string) => told.push(text),
  } as unknown as Context["reporter"];
  return { follower: new HubFollower(home, { reporter }), told };
}

const end = new AbortController();
const options = { timeoutMs: 60_000, signal: end.signal };

test("finds the running hub, and the next one as soon as it runs, on any port", async () => {
  const home = temporaryDirectory();
  const first = await startAt(home);
  const { follower, told } = follow(home);
  expect((await follower.find(options)).ports).toEqual(first.ports);
  expect(follower.hasEnded()).toBe(false);
  const ended = follower.untilEnded(end.signal);
  await first.stop();
  await ended;
  expect(follower.hasEnded()).toBe(true);
  const found = follower.find(options);
  await expect
    .poll(() => told)
    .toEqual([expect.stringContaining("is not running. Waiting for it")]);
  const second = await startAt(home);
  expect((await found).ports).toEqual(second.ports);
  expect(follower.hasEnded()).toBe(false);
});

test("uses a hub that is started in the meantime instead of starting one", async () => {
  const home = temporaryDirectory();
  const { follower, told } = follow(home);
  const background = await startAt(home, true);
  await follower.find(options);
  await background.stop();
  const found = follower.find(options);
  await expect.poll(() => told).toEqual([expect.stringContaining("Starting one in 3 s")]);
  const foreground = await startAt(home);
  expect((await found).ports).toEqual(foreground.ports);
  expect(told).toHaveLength(1);
});

test("detects a new hub in the same process", async () => {
  const home = temporaryDirectory();
  const { follower, told } = follow(home);
  const first = await startAt(home);
  await follower.find(options);
  await first.stop();
  await startAt(home);
  expect(follower.hasEnded()).toBe(true);
  await follower.find(options);
  expect(told).toEqual([]);
});

test("waiting for a hub can be aborted", async () => {
  const home = temporaryDirectory();
  const hub = await startAt(home);
  const { follower } = follow(home);
  await follower.find(options);
  await hub.stop();
  const giveUp = new AbortController();
  const found = follower.find({ timeoutMs: 5000, signal: giveUp.signal });
  giveUp.abort();
  await expect(found).rejects.toMatchObject({ name: "AbortError" });
});

test("examines why a connection was lost", async () => {
  const home = temporaryDirectory();
  const hub = await startAt(home);
  const { follower } = follow(home);
  await follower.find(options);
  expect(await follower.watchDevice("device1").examineLoss()).toBe("unknown");
  const other = await connectDevice({
    connectionString: parseDeviceConnectionString(hub.deviceConnectionString("device1")),
    transport: "mqtt",
    ca: readFileSync(hub.caFile, "utf8"),
    keepAliveSeconds: 30,
    connectTimeoutMs: 60_000,
    onDisconnect: () => {},
  });
  onTestFinished(() => other.close());
  expect(await follower.watchDevice("device1").examineLoss()).toBe("takenOver");
  expect(await follower.watchDevice(undefined).examineLoss()).toBe("unknown");
  await hub.stop();
  expect(await follower.watchDevice("device1").examineLoss()).toBe("hubEnded");
});

const description = {
  hostName: "localhost:1",
  host: "127.0.0.1",
  pid: process.pid,
  connectionString: "HostName=localhost:1;SharedAccessKeyName=iothubowner;SharedAccessKey=a2V5",
  eventHubConnectionString: "Endpoint=sb://localhost:1/",
};

/** A home directory whose hub.json has this port. */
async function homeWithHubAt(port: number): Promise<string> {
  const home = temporaryDirectory();
  const hub = await startAt(home);
  const { caFile } = hub;
  await hub.stop();
  const endpoint = `localhost:${port}`;
  writeHubDescription(createHome(home), { ...description, endpoint, ports: [port], caFile });
  return home;
}

test("hub.json is stale when nothing listens on its port, even if its process runs", async () => {
  expect(await findRunningHub(await homeWithHubAt(await freePort()))).toBeUndefined();
});

test("hub.json is stale when another program listens on its port", async () => {
  const stranger = await startAt(temporaryDirectory());
  expect(await findRunningHub(await homeWithHubAt(stranger.ports[0] ?? 0))).toBeUndefined();
});

test("a hub that accepts connections but sends nothing is not responding", async () => {
  const silent = await startSilentServer("tcp");
  onTestFinished(() => silent.stop());
  const port = Number(silent.hostName.split(":")[1]);
  await expect(findRunningHub(await homeWithHubAt(port), { timeoutMs: 100 })).rejects.toMatchObject(
    {
      name: "ConnectTimeout",
      message: `The local hub (process ${process.pid}) is not responding.`,
      hint: expect.stringContaining(`kill -9 ${process.pid}`),
    },
  );
});
