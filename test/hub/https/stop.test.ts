/** `POST /$c2d/stop` stops the hub. */

import { existsSync } from "node:fs";
import { connect } from "node:tls";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { parseHubConnectionString } from "../../../src/core/connection-string.ts";
import { formatSasToken } from "../../../src/core/sas-token.ts";
import { homePaths, STOP_PATH } from "../../../src/hub/home/home.ts";
import { startHomeHub } from "../../../src/hub/home-hub.ts";
import { createHttpsServer } from "../../../src/hub/https/server.ts";
import type { LocalHub } from "../../../src/hub/local-hub.ts";
import { HubStoppedError } from "../../../src/hub/runtime/lifetime.ts";
import { createDuplexPair } from "../../support/duplex-pair.ts";
import { isListening, startHubForTest, temporaryDirectory } from "../../support/local-hub.ts";
import { createTestHub, HOST } from "../../support/test-hub.ts";
import { requestOver } from "../support/http-request.ts";

describe("POST /$c2d/stop", () => {
  test("responds to the owner before the hub stops", async () => {
    const { services, registry, policyToken } = await createTestHub();
    const [clientEnd, hubEnd] = createDuplexPair();
    const stopHub = vi.fn(() => void hubEnd.destroy());
    createHttpsServer({ ...services, registry, stopHub }).emit("connection", hubEnd);
    const headers = { authorization: policyToken("iothubowner") };
    const request = { method: "POST", path: STOP_PATH, headers };
    expect((await requestOver(clientEnd, request)).status).toBe(204);
    expect(stopHub).toHaveBeenCalledOnce();
  });

  test.each(["service", "device", "registryRead", "registryReadWrite"])(
    "is refused for the policy %s",
    async (policy) => {
      const hub = await createTestHub();
      expect((await hub.https("POST", STOP_PATH, hub.policyToken(policy))).status).toBe(401);
      expect(hub.stopRequests).toBe(0);
    },
  );

  test("is refused for devices, even one named like the owner's policy", async () => {
    const hub = await createTestHub({ devices: ["device1", "iothubowner"] });
    for (const deviceId of ["device1", "iothubowner"]) {
      expect((await hub.https("POST", STOP_PATH, hub.deviceToken(deviceId))).status).toBe(401);
    }
    expect(hub.stopRequests).toBe(0);
  });

  test("is refused without a token, with an expired one, or with one for devices only", async () => {
    const hub = await createTestHub();
    const tokens = [
      undefined,
      hub.policyToken("iothubowner", { expiresInSeconds: 0 }),
      hub.policyToken("iothubowner", { resource: `${HOST}/devices` }),
    ];
    for (const token of tokens) {
      expect((await hub.https("POST", STOP_PATH, token)).status).toBe(401);
    }
    expect(hub.stopRequests).toBe(0);
  });

  test("cannot be triggered by GET, as browsers and crawlers send it", async () => {
    const hub = await createTestHub();
    const answer = await hub.https("GET", STOP_PATH, hub.policyToken("iothubowner"));
    expect(answer.status).toBe(404);
    expect(hub.stopRequests).toBe(0);
  });
});

async function requestStop(hub: LocalHub): Promise<number> {
  const { status } = await requestOver(connectTo(hub), {
    method: "POST",
    path: STOP_PATH,
    headers: { authorization: ownerToken(hub) },
  });
  return status;
}

function connectTo({ ports: [port = 0] }: LocalHub) {
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  onTestFinished(() => void socket.destroy());
  return socket;
}

function ownerToken({ connectionString }: LocalHub): string {
  const { sharedAccessKeyName, sharedAccessKey } = parseHubConnectionString(connectionString);
  return formatSasToken({
    resource: HOST,
    key: sharedAccessKey.reveal(),
    policyName: sharedAccessKeyName,
    expirySeconds: Math.floor(Date.now() / 1000) + 60,
  });
}

describe("a hub stopped over REST", () => {
  test("stops listening, removes its files and refuses calls", async () => {
    const hub = await startHubForTest();
    expect(await requestStop(hub)).toBe(204);
    await hub.stopped;
    expect(await isListening(hub.ports[0] ?? 0)).toBe(false);
    expect(existsSync(hub.caFile)).toBe(false);
    expect(() => hub.deviceConnectionString("device1")).toThrow(HubStoppedError);
    await hub.stop();
  });

  test("removes hub.json and releases the directory", async () => {
    const directory = temporaryDirectory();
    const hub = await startHomeHub({ directory, ports: [0] });
    expect(await requestStop(hub)).toBe(204);
    await hub.stopped;
    expect(existsSync(homePaths(directory).hubFile)).toBe(false);
    const next = await startHomeHub({ directory, ports: [0] });
    await next.stop();
  });

  test("stops even if the client disconnects before the response", async () => {
    const hub = await startHubForTest();
    const socket = connectTo(hub);
    const head = [
      `POST ${STOP_PATH} HTTP/1.1`,
      "Host: localhost",
      `Authorization: ${ownerToken(hub)}`,
      "Content-Length: 0",
    ];
    socket.write(`${head.join("\r\n")}\r\n\r\n`, () => socket.destroy());
    await hub.stopped;
  });
});
