/** `c2d-hub device create|show|list|delete` against a real hub. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Policy } from "../../../../src/core/device-identity.ts";
import { startSilentServer } from "../../../client/support/silent-server.ts";
import { type Ended, parseLines, RunningCommand, run } from "../../support/run-command.ts";
import { StartedHub } from "../../support/started-hub.ts";

let hub: StartedHub;

beforeAll(async () => {
  hub = await StartedHub.start();
});

afterAll(() => hub.stop());

const device = (...args: readonly string[]) => hub.run("c2d-hub", "device", ...args);

const deviceLine = ({ stdout }: Ended) => parseLines(stdout)[0] ?? {};

const errorLine = ({ stderr }: Ended) =>
  parseLines(stderr.slice(stderr.indexOf('{"type":"error"')))[0];

/** At least 16 bytes in base64, anywhere. */
const ANY_KEY = /[A-Za-z0-9+/]{22,}={1,2}/;

test("create prints the tutorial's fields and no key", async () => {
  const { code, stdout, stderr } = await device("create", "-d", "tutorial");
  expect(code).toBe(0);
  expect(stdout).toBe(`CreateDevice:
iothubDevice.deviceId                    = tutorial
iothubDevice.connectionState             = Disconnected
iothubDevice.status                      = enabled
iothubDevice.lastActivityTime            = 0001-01-01T00:00:00Z
iothubDevice.cloudToDeviceMessageCount   = 0
iothubDevice.isManaged                   = false
iothubDevice.authMethod                  = shared_private_key

Connection string: HostName=${hub.hostName};DeviceId=tutorial;SharedAccessKey=<hidden>
`);
  expect(stderr).toContain("the local hub of");
  expect(stderr).toContain("--show-keys");
});

test("without --show-keys no output contains a key, at any verbosity", async () => {
  const key = Buffer.alloc(32, 5).toString("base64");
  const own = ["--primary-key", key, "--secondary-key", Buffer.alloc(16, 6).toString("base64")];
  const ended = [
    await device("create", "-d", "quiet", "-v", ...own),
    await device("create", "-d", "quiet", "-v", ...own),
    await device("create", "-d", "quiet", "-v", "--if-not-exists", ...own, "-o", "json"),
    await device("create", "-d", "quiet", "-v", "--if-not-exists", "--primary-key", "AAAA", ...own),
    await device("show", "-d", "quiet", "-v"),
    await device("show", "-d", "quiet", "-v", "-o", "json"),
    await device("list", "-v"),
    await device("list", "-v", "-o", "json"),
    await device("delete", "-d", "quiet", "-v"),
  ];
  expect(ended.map(({ code }) => code)).toEqual([0, 6, 0, 0, 0, 0, 0, 0, 0]);
  for (const { stdout, stderr } of ended) expect(`${stdout}${stderr}`).not.toMatch(ANY_KEY);
});

test("--show-keys prints a connection string to listen with", async () => {
  const created = deviceLine(await device("create", "-d", "shown", "--show-keys", "-o", "json"));
  expect(Object.keys(created)).toEqual(
    expect.arrayContaining(["primaryKey", "secondaryKey", "connectionString", "generationId"]),
  );
  expect(deviceLine(await device("show", "-d", "shown", "--show-keys", "-o", "json"))).toEqual(
    created,
  );
  await hub.run("c2d-send", "-d", "shown");
  const cs = String(created.connectionString);
  const listen = ["listen", "--connection-string", cs, "--ca", hub.caFile, "-c", "1"];
  const { code, stdout } = await run("c2d-device", [...listen, "-o", "json"], hub.options);
  expect(code).toBe(0);
  expect(parseLines(stdout)).toMatchObject([{ type: "ready" }, { deviceId: "shown" }]);
});

test("custom keys are used", async () => {
  const [primary, secondary] = [7, 8].map((byte) => Buffer.alloc(24, byte).toString("base64"));
  await device("create", "-d", "own", "--primary-key", `${primary}`);
  const own = deviceLine(await device("show", "-d", "own", "--show-keys", "-o", "json"));
  expect(own.primaryKey).toBe(primary);
  expect(own.secondaryKey).toMatch(/^[\w+/]{43}=$/);
  const keys = ["--primary-key", `${primary}`, "--secondary-key", `${secondary}`];
  await device("create", "-d", "own2", ...keys);
  const own2 = deviceLine(await device("show", "-d", "own2", "--show-keys", "-o", "json"));
  expect([own2.primaryKey, own2.secondaryKey]).toEqual([primary, secondary]);
});

test("a device with a certificate is registered by its thumbprint", async () => {
  const thumbprint = "AB".repeat(32);
  const x509 = ["--auth-method", "x509_thumbprint", "--primary-thumbprint", thumbprint];
  const { stdout, stderr } = await device("create", "-d", "x509", ...x509, "--edge-enabled");
  expect(stdout).toContain("isManaged                   = true\n");
  expect(stdout).toContain("authMethod                  = x509_thumbprint\n");
  expect(stdout).toContain(`primaryThumbprint           = ${thumbprint}\n`);
  expect(stdout).toContain(`HostName=${hub.hostName};DeviceId=x509;x509=true\n`);
  expect(stderr).not.toContain("--show-keys");
});

describe("a device that already exists", () => {
  beforeAll(async () => {
    await device("create", "-d", "there");
  });

  test("is an error", async () => {
    const ended = await device("create", "-d", "there", "-o", "json");
    expect(ended.stdout).toBe("");
    expect(errorLine(ended)).toMatchObject({
      code: 6,
      name: "DeviceAlreadyExists",
      hint: expect.stringContaining("--if-not-exists"),
    });
    expect(ended.code).toBe(6);
  });

  test("is shown with --if-not-exists, and left unchanged", async () => {
    const asked = ["--if-not-exists", "--status", "disabled", "--auth-method", "x509_ca"];
    const { code, stdout, stderr } = await device("create", "-d", "there", ...asked);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^GetDevice:\n.* = there\n/);
    expect(stdout).toContain("status                      = enabled\n");
    expect(stderr).toContain("there already exists");
    expect(stderr).toContain("status is enabled, not disabled");
    expect(stderr).toContain("authMethod is shared_private_key, not x509_ca");
  });

  test("causes no warning if it matches the request", async () => {
    const { code, stderr } = await device("create", "-d", "there", "--if-not-exists");
    expect(code).toBe(0);
    expect(stderr).not.toContain("warning");
  });
});

test("list shows each device, and delete removes one", async () => {
  await device("create", "-d", "listed", "--status", "disabled");
  const before = parseLines((await device("list", "-o", "json")).stdout);
  expect(before.find(({ deviceId }) => deviceId === "listed")).toMatchObject({
    type: "device",
    status: "disabled",
    connectionState: "Disconnected",
    cloudToDeviceMessageCount: 0,
    authMethod: "shared_private_key",
  });
  expect((await device("list")).stdout).toMatch(/^DEVICE +STATUS .*\n(.*\n)*listed +disabled /);
  const deleted = await device("delete", "-d", "listed", "-o", "json");
  expect(deleted.code).toBe(0);
  expect(deviceLine(deleted)).toMatchObject({ type: "device", deviceId: "listed" });
  const after = parseLines((await device("list", "-o", "json")).stdout);
  expect(after.map(({ deviceId }) => deviceId)).not.toContain("listed");
});

test("delete names the device and its source before deleting it", async () => {
  await device("create", "-d", "named");
  const env = { ...hub.options.env, IOTHUB_DEVICE_ID: "named" };
  const { code, stderr } = await run("c2d-hub", ["device", "delete", "--local"], {
    ...hub.options,
    env,
  });
  expect(code).toBe(0);
  expect(stderr).toContain("Deleting the device named (IOTHUB_DEVICE_ID in the environment)");
});

test("delete prints what it deleted, without a connection string", async () => {
  await device("create", "-d", "gone");
  const { stdout } = await device("delete", "-d", "gone");
  expect(stdout).toMatch(/^DeleteDevice:\n.* = gone\n/);
  expect(stdout).not.toContain("HostName");
});

test("an empty registry is reported on stderr", async () => {
  const empty = await StartedHub.start();
  try {
    const { code, stdout, stderr } = await empty.run("c2d-hub", "device", "list");
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toContain("The hub has no devices.");
  } finally {
    await empty.stop();
  }
});

test.each(["show", "delete"])("%s of an unknown device fails", async (command) => {
  const ended = await device(command, "-d", "nobody", "-o", "json");
  expect(errorLine(ended)).toMatchObject({ code: 6, name: "DeviceNotFound" });
  expect(ended.code).toBe(6);
});

describe("with a policy that lacks permission", () => {
  /** By connection string only, as from another machine. */
  async function as(policy: string, ...args: readonly string[]): Promise<Ended> {
    const file = readFileSync(join(hub.directory, "home", "installation.json"), "utf8");
    const { policies } = JSON.parse(file) as { policies: readonly Policy[] };
    const key = policies.find(({ name }) => name === policy)?.primaryKey;
    const cs = `HostName=${hub.hostName};SharedAccessKeyName=${policy};SharedAccessKey=${key}`;
    return await run("c2d-hub", [...args, "-l", cs, "--ca", hub.caFile, "-o", "json"], hub.options);
  }

  test.each([
    ["service", "device", "list"],
    ["service", "device", "create", "-d", "x"],
    ["device", "device", "show", "-d", "tutorial"],
    ["registryRead", "device", "create", "-d", "x"],
    ["registryRead", "device", "delete", "-d", "tutorial"],
    ["registryReadWrite", "purge", "-d", "tutorial"],
  ])("%s: %s %s exits with 4", async (policy, ...args) => {
    const ended = await as(policy, ...args);
    expect(errorLine(ended)).toMatchObject({ code: 4, name: "IotHubUnauthorized" });
    expect([ended.code, ended.stdout]).toEqual([4, ""]);
  });

  test("the same commands work with a policy that has permission", async () => {
    expect((await as("registryRead", "device", "list")).code).toBe(0);
    expect((await as("registryReadWrite", "device", "create", "-d", "by-policy")).code).toBe(0);
    expect((await as("service", "purge", "-d", "by-policy")).code).toBe(0);
  });
});

test("a closed stdout is not an error", async () => {
  const list = hub.spawn("c2d-hub", "device", "list", "-o", "json");
  list.readers.stdout.destroy();
  expect(await list.ended).toMatchObject({ code: 0 });
});

test("Ctrl-C ends the wait for a hub that does not respond", async () => {
  const server = await startSilentServer("tcp");
  try {
    const cs = `HostName=${server.hostName};SharedAccessKeyName=a;SharedAccessKey=c2VjcmV0c2VjcmV0`;
    const list = new RunningCommand("c2d-hub", ["device", "list", "-l", cs], hub.options);
    await server.reached();
    list.interrupt();
    expect(await list.ended).toMatchObject({ code: 130, stdout: "" });
  } finally {
    await server.stop();
  }
});

test("`device` without a command lists its commands", async () => {
  const { code, stderr } = await run("c2d-hub", ["device"], hub.options);
  expect(stderr).toContain("create, show, list, update, connection-string, delete");
  expect(code).toBe(2);
});
