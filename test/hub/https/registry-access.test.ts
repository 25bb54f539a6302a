import { readFileSync } from "node:fs";
import { request } from "node:https";
import { describe, expect, it } from "vitest";
import {
  parseDeviceConnectionString,
  parseHubConnectionString,
} from "../../../src/core/connection-string.ts";
import { formatSasToken } from "../../../src/core/sas-token.ts";
import type { LocalHub } from "../../../src/hub/local-hub.ts";
import { startHubForTest } from "../../support/local-hub.ts";

const EXPIRY = Math.floor(Date.now() / 1000) + 3600;

function ownerToken(hub: LocalHub): string {
  const { sharedAccessKey, sharedAccessKeyName } = parseHubConnectionString(hub.connectionString);
  return formatSasToken({
    resource: "localhost",
    key: sharedAccessKey.reveal(),
    expirySeconds: EXPIRY,
    policyName: sharedAccessKeyName,
  });
}

function deviceToken(hub: LocalHub, deviceId: string): string {
  const { credential } = parseDeviceConnectionString(hub.deviceConnectionString(deviceId));
  if (credential.type !== "key") throw new Error("no key");
  return formatSasToken({
    resource: `localhost/devices/${deviceId}`,
    key: credential.sharedAccessKey.reveal(),
    expirySeconds: EXPIRY,
  });
}

function call(hub: LocalHub, method: string, path: string, authorization?: string, body?: string) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port: hub.ports[0],
        servername: "localhost",
        ca: readFileSync(hub.caFile),
        agent: false,
        method,
        path,
        headers: {
          ...(authorization !== undefined && { authorization }),
          ...(body && { "content-type": "application/json" }),
        },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

describe("the registry", () => {
  // Rule registry-device-id.
  it.each(["device1", "x".repeat(128), "a%b?c#d", "Q(r)!*'$@=,:", "100%"])(
    "makes and shows a device called %s",
    async (deviceId) => {
      const hub = await startHubForTest();
      const path = `/devices/${encodeURIComponent(deviceId)}?api-version=2021-04-12`;
      const made = await call(hub, "PUT", path, ownerToken(hub), JSON.stringify({ deviceId }));
      expect(made.status).toBe(200);
      const shown = await call(hub, "GET", path, ownerToken(hub));
      expect(shown.status).toBe(200);
      expect(JSON.parse(shown.text)).toMatchObject({ deviceId, status: "enabled" });
    },
  );

  // Rule registry-device-id.
  it("keeps ids apart that differ in capitals", async () => {
    const hub = await startHubForTest({ devices: ["Device1"] });
    expect((await call(hub, "GET", "/devices/Device1", ownerToken(hub))).status).toBe(200);
    expect((await call(hub, "GET", "/devices/device1", ownerToken(hub))).status).toBe(404);
  });

  it.each([
    ["without a token", undefined],
    ["with something else", "Basic abc"],
    ["with an empty token", ""],
  ])("is closed %s", async (_what, authorization) => {
    const hub = await startHubForTest({ devices: ["device1"] });
    const { status, text } = await call(hub, "GET", "/devices/device1", authorization);
    expect(status).toBe(401);
    expect(text).not.toContain("primaryKey");
  });

  // Rule policy-permissions.
  it("is closed to a device, for its own identity too", async () => {
    const hub = await startHubForTest({ devices: ["device1", "device2"] });
    const token = deviceToken(hub, "device1");
    for (const [method, path] of [
      ["GET", "/devices/device1"],
      ["GET", "/devices/device2"],
      ["PUT", "/devices/device3"],
      ["GET", "/devices"],
      ["DELETE", "/devices/device1/commands"],
    ] as const) {
      const { status, text } = await call(hub, method, path, token);
      expect([method, path, status]).toEqual([method, path, 401]);
      expect(text).not.toContain("primaryKey");
    }
  });

  it.each([
    ["no JSON", "{"],
    ["null", "null"],
    ["a list", "[]"],
    ["an authentication that is text", '{"authentication":"sas"}'],
    [
      "a key that is a number",
      '{"authentication":{"type":"sas","symmetricKey":{"primaryKey":1,"secondaryKey":2}}}',
    ],
    ["an unknown authentication", '{"authentication":{"type":"magic"}}'],
    ["a status that is none", '{"status":"perhaps"}'],
  ])("answers 400, and nothing of its inside, to a body that is %s", async (_what, text) => {
    const hub = await startHubForTest();
    const { status, text: answer } = await call(
      hub,
      "PUT",
      "/devices/device1",
      ownerToken(hub),
      text,
    );
    expect(status).toBe(400);
    expect(answer).not.toMatch(/TypeError|at .*\.ts/);
    expect((await call(hub, "GET", "/devices/device1", ownerToken(hub))).status).toBe(404);
  });
});
