/** `c2d-hub device update` and `connection-string` against a real hub, also two at once. */

import { readFileSync, writeFileSync } from "node:fs";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { selfSigned } from "../../../client/support/self-signed.ts";
import { type Ended, parseLines, run } from "../../support/run-command.ts";
import { StartedHub } from "../../support/started-hub.ts";

let hub: StartedHub;

beforeAll(async () => {
  hub = await StartedHub.start();
});

afterAll(() => hub.stop());

const device = (...args: readonly string[]) => hub.run("c2d-hub", "device", ...args);

const KEY = Buffer.alloc(32, 7).toString("base64");

const OTHER_KEY = Buffer.alloc(32, 8).toString("base64");

const ANY_KEY = /[A-Za-z0-9+/]{22,}={1,2}/;

async function show(deviceId: string): Promise<Readonly<Record<string, unknown>>> {
  const { stdout } = await device("show", "-d", deviceId, "--show-keys", "-o", "json");
  return parseLines(stdout)[0] ?? {};
}

const errorLine = ({ stderr }: Ended) =>
  parseLines(stderr.slice(stderr.indexOf('{"type":"error"')))[0];

test("a status is changed, and nothing else", async () => {
  await device("create", "-d", "status", "--edge-enabled");
  const before = await show("status");
  const { code, stdout, stderr } = await device("update", "-d", "status", "--status", "disabled");
  expect(stdout).toMatch(/^UpdateDevice:\n.* = status\n/);
  expect(stdout).toContain("status                      = disabled\n");
  expect(stderr).toContain("Updating the device status (--device-id) ...");
  expect(stderr).not.toContain("connection string");
  expect(code).toBe(0);
  expect(await show("status")).toEqual({
    ...before,
    status: "disabled",
    etag: expect.not.stringMatching(String(before.etag)),
    statusUpdatedTime: expect.not.stringMatching(/^0001/),
  });
});

test("given keys are used, one or both, and not printed", async () => {
  await device("create", "-d", "given");
  const { secondaryKey } = await show("given");
  const one = await device("update", "-d", "given", "--primary-key", KEY, "-v");
  expect(await show("given")).toMatchObject({ primaryKey: KEY, secondaryKey });
  const both = ["--primary-key", OTHER_KEY, "--secondary-key", KEY];
  const two = await device("update", "-d", "given", ...both, "-v", "-o", "json");
  expect(await show("given")).toMatchObject({ primaryKey: OTHER_KEY, secondaryKey: KEY });
  expect(one.stderr).toContain("c2d-hub device connection-string");
  for (const { stdout, stderr } of [one, two]) expect(`${stdout}${stderr}`).not.toMatch(ANY_KEY);
});

describe("--regenerate-key", () => {
  const renew = async (which: string) => {
    const deviceId = `renew-${which}`;
    await device("create", "-d", deviceId);
    const before = await show(deviceId);
    const { code, stdout, stderr } = await device(
      ...["update", "-d", deviceId, "--regenerate-key", which, "-v", "-o", "json"],
    );
    expect(code).toBe(0);
    expect(`${stdout}${stderr}`).not.toMatch(ANY_KEY);
    const after = await show(deviceId);
    for (const key of [after.primaryKey, after.secondaryKey]) expect(key).toMatch(/^[\w+/]{43}=$/);
    return { before, after };
  };

  test.each([
    ["primary", true, false],
    ["secondary", false, true],
    ["both", true, true],
  ])("%s", async (which, isPrimaryNew, isSecondaryNew) => {
    const { before, after } = await renew(which);
    expect(after.primaryKey !== before.primaryKey).toBe(isPrimaryNew);
    expect(after.secondaryKey !== before.secondaryKey).toBe(isSecondaryNew);
  });

  test("swap", async () => {
    const { before, after } = await renew("swap");
    expect([after.primaryKey, after.secondaryKey]).toEqual([
      before.secondaryKey,
      before.primaryKey,
    ]);
  });
});

test("a device with a certificate has a status, but no keys", async () => {
  const x509 = ["--auth-method", "x509_thumbprint", "--primary-thumbprint", "AB".repeat(32)];
  await device("create", "-d", "x509", ...x509);
  const before = await show("x509");
  const swap = await device("update", "-d", "x509", "--regenerate-key", "swap", "-o", "json");
  expect(errorLine(swap)).toMatchObject({ code: 6, name: "ArgumentInvalid" });
  expect((await device("update", "-d", "x509", "--status", "disabled")).code).toBe(0);
  expect(await show("x509")).toMatchObject({
    status: "disabled",
    authMethod: "x509_thumbprint",
    primaryThumbprint: before.primaryThumbprint,
  });
  const { stdout } = await device("connection-string", "-d", "x509");
  expect(stdout).toBe(`HostName=${hub.hostName};DeviceId=x509;x509=true\n`);
});

describe("connection-string", () => {
  beforeAll(async () => {
    await device("create", "-d", "string", "--primary-key", KEY);
  });

  test("prints the string, to listen with", async () => {
    const { code, stdout, stderr } = await device("connection-string", "-d", "string", "-v");
    expect(stdout).toBe(`HostName=${hub.hostName};DeviceId=string;SharedAccessKey=${KEY}\n`);
    expect(stderr).not.toMatch(ANY_KEY);
    expect(code).toBe(0);
    await hub.run("c2d-send", "-d", "string");
    const listen = ["listen", "--connection-string", stdout.trim(), "--ca", hub.caFile, "-c", "1"];
    expect((await run("c2d-device", listen, hub.options)).code).toBe(0);
  });

  test("prints one line of JSON", async () => {
    const { stdout } = await device("connection-string", "-d", "string", "-o", "json");
    expect(parseLines(stdout)).toEqual([
      {
        type: "connectionString",
        deviceId: "string",
        connectionString: `HostName=${hub.hostName};DeviceId=string;SharedAccessKey=${KEY}`,
      },
    ]);
  });
});

// Rule registry-update.
describe("two updates at once", () => {
  test("lose nothing", async () => {
    for (let round = 0; round < 10; round += 1) {
      const deviceId = `both-${round}`;
      await device("create", "-d", deviceId);
      const ended = await Promise.all([
        device("update", "-d", deviceId, "--status", "disabled"),
        device("update", "-d", deviceId, "--primary-key", KEY),
      ]);
      expect(ended.map(({ code }) => code)).toEqual([0, 0]);
      expect(await show(deviceId)).toMatchObject({ status: "disabled", primaryKey: KEY });
    }
  });

  test("the one that comes too late is tried once more, with what the other has changed", async () => {
    await device("create", "-d", "late");
    const { primaryKey } = await show("late");
    const between = await startBetween(1, () =>
      device("update", "-d", "late", "--secondary-key", KEY),
    );
    const { code } = await between.update("late", "--regenerate-key", "swap");
    expect(code).toBe(0);
    expect(await show("late")).toMatchObject({ primaryKey: KEY, secondaryKey: primaryKey });
    expect(between.puts).toBe(2);
  });

  test("one that loses again exits with 6, and has changed nothing", async () => {
    await device("create", "-d", "later");
    const keys = [KEY, OTHER_KEY];
    const between = await startBetween(2, () =>
      device("update", "-d", "later", "--primary-key", String(keys.shift())),
    );
    const ended = await between.update("later", "--status", "disabled", "-o", "json");
    expect(errorLine(ended)).toMatchObject({
      code: 6,
      name: "PreconditionFailed",
      hint: expect.stringContaining("c2d-hub device show"),
    });
    expect([ended.code, ended.stdout]).toEqual([6, ""]);
    expect(await show("later")).toMatchObject({ primaryKey: OTHER_KEY, status: "enabled" });
    expect(between.puts).toBe(2);
  });
});

/** A server before the hub, where something else happens before each of the first `count` updates. */
async function startBetween(count: number, rival: () => Promise<unknown>) {
  const { cert, key } = await selfSigned();
  const caFile = join(hub.directory, "between.pem");
  writeFileSync(caFile, cert);
  const [, hubPort] = hub.hostName.split(":");
  let puts = 0;
  const server = https.createServer({ cert, key }, async (incoming, reply) => {
    const { method = "", url = "", headers } = incoming;
    const body = await buffer(incoming);
    if (method === "PUT" && ++puts <= count) await rival();
    const ca = readFileSync(hub.caFile);
    const target = { host: "localhost", port: hubPort, path: url, method, headers, ca };
    const forwarded = https.request(target, (answer) => {
      reply.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(reply);
    });
    forwarded.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { IOTHUB_CONNECTION_STRING = "" } = await hub.env();
  const { port } = server.address() as AddressInfo;
  const cs = IOTHUB_CONNECTION_STRING.replace(hub.hostName, `localhost:${port}`);
  return {
    get puts() {
      return puts;
    },
    update: (deviceId: string, ...args: readonly string[]) =>
      run(
        "c2d-hub",
        ["device", "update", "-d", deviceId, ...args, "-l", cs, "--ca", caFile],
        hub.options,
      ),
  };
}
