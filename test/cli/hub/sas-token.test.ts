/** `c2d-hub sas-token`: its tokens, used at a real hub. */

import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseSasToken } from "../../../src/core/sas-token.ts";
import { parseLines, run } from "../support/run-command.ts";
import { StartedHub } from "../support/started-hub.ts";

let hub: StartedHub;
let connectionString: string;

beforeAll(async () => {
  hub = await StartedHub.start("--device", "device1", "--device", "odd%(2)'");
  connectionString = String((await hub.env()).IOTHUB_CONNECTION_STRING);
});

afterAll(() => hub.stop());

const sasToken = (...args: readonly string[]) => hub.run("c2d-hub", "sas-token", ...args);

/** Status of a GET with the token. */
function get(path: string, token: string): Promise<number | undefined> {
  const [host, port] = hub.hostName.split(":");
  return new Promise((resolve, reject) => {
    const ca = readFileSync(hub.caFile);
    const options = { host, port, ca, path: `${path}?api-version=2020-09-30` };
    request({ ...options, headers: { authorization: token.trim() } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on("error", reject)
      .end();
  });
}

describe("of the hub", () => {
  test("is one line that the hub accepts", async () => {
    const { code, stdout, stderr } = await sasToken();
    expect(stdout).toMatch(/^SharedAccessSignature sr=[^ ]+&skn=iothubowner\n$/);
    expect(stderr).toContain("the local hub of");
    expect(stderr).not.toContain("sig=");
    expect(code).toBe(0);
    expect(await get("/devices/device1", stdout)).toBe(200);
  });

  test("can be of any policy of the local hub, with its permissions", async () => {
    const { stdout } = await sasToken("--policy", "registryRead");
    expect(await get("/devices/device1", stdout)).toBe(200);
    const { stdout: other } = await sasToken("--policy", "service");
    expect(await get("/devices/device1", other)).toBe(401);
  });

  test("needs no connection for the key of a connection string", async () => {
    const cs = connectionString.replace(hub.hostName, "hub.invalid:1");
    const { code, stdout } = await run("c2d-hub", ["sas-token", "-l", cs], hub.options);
    expect(code).toBe(0);
    expect(parseSasToken(stdout.trim())).toMatchObject({
      rawResource: "hub.invalid%3A1",
      policyName: "iothubowner",
    });
  });

  test("ignores IOTHUB_DEVICE_ID", async () => {
    const options = { ...hub.options, env: { ...hub.options.env, IOTHUB_DEVICE_ID: "device1" } };
    const { stdout } = await run("c2d-hub", ["sas-token", "--local"], options);
    expect(stdout).toContain("skn=iothubowner");
    expect(stdout).not.toContain("devices");
  });

  test("is valid for --duration", async () => {
    const before = Math.floor(Date.now() / 1000);
    const { stdout } = await sasToken("--duration", "10m", "-o", "json");
    const [line = {}] = parseLines(stdout);
    const { expirySeconds } = parseSasToken(String(line.token));
    expect(expirySeconds - before).toBeGreaterThanOrEqual(600);
    expect(expirySeconds).toBeLessThanOrEqual(Date.now() / 1000 + 601);
    expect(line).toEqual({
      type: "sasToken",
      policy: "iothubowner",
      expiryTimeUtc: new Date(expirySeconds * 1000).toISOString(),
      token: expect.stringContaining("SharedAccessSignature "),
    });
  });
});

describe("of a device", () => {
  const receive = async (deviceId: string, token: string) => {
    await hub.run("c2d-send", "-d", deviceId);
    const listen = ["listen", "--sas-token", token.trim(), "--ca", hub.caFile, "-c", "1"];
    return await run("c2d-device", listen, hub.options);
  };

  test.each(["device1", "odd%(2)'"])("%s lets it listen", async (deviceId) => {
    const { stdout, stderr } = await sasToken("-d", deviceId);
    expect(stdout).not.toContain("skn=");
    expect(stderr).not.toContain("sig=");
    expect((await receive(deviceId, stdout)).code).toBe(0);
  });

  test("can be signed with the key of a policy, and is for that device only", async () => {
    const { stdout } = await sasToken("-d", "device1", "--policy", "device");
    expect(stdout).toContain("&skn=device\n");
    expect((await receive("device1", stdout)).code).toBe(0);
    const { stdout: owner } = await sasToken("-d", "device1", "--policy", "iothubowner");
    expect(await get("/devices/device1", owner)).toBe(200);
    expect(await get("/devices", owner)).toBe(401);
  });

  test("with a certificate does not exist", async () => {
    await hub.run("c2d-hub", "device", "create", "-d", "x509", "--auth-method", "x509_ca");
    const { code, stdout, stderr } = await sasToken("-d", "x509");
    expect([code, stdout]).toEqual([6, ""]);
    expect(stderr).toContain("authenticates without keys");
  });
});

test("a key of the local hub is never shown", async () => {
  const file = readFileSync(join(hub.directory, "home", "installation.json"), "utf8");
  const { policies } = JSON.parse(file) as { policies: readonly { primaryKey: string }[] };
  const ended = [await sasToken("-v"), await sasToken("-v", "--policy", "nobody")];
  expect(ended.map(({ code }) => code)).toEqual([0, 2]);
  for (const { stdout, stderr } of ended) {
    for (const { primaryKey } of policies) expect(`${stdout}${stderr}`).not.toContain(primaryKey);
  }
});
