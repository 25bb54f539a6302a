/** `c2d-hub device create --write-env`: afterwards `c2d-device listen` runs as the device. */

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { parse } from "dotenv";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { formatEnvExample } from "../../../../src/config/env-example.ts";
import { type CommandOptions, type Ended, parseLines, run } from "../../support/run-command.ts";
import { StartedHub } from "../../support/started-hub.ts";

let hub: StartedHub;
let connectionString: string;
let options: CommandOptions;
let count = 0;
let deviceId: string;

beforeAll(async () => {
  hub = await StartedHub.start();
  connectionString = String((await hub.env()).IOTHUB_CONNECTION_STRING);
});

afterAll(() => hub.stop());

beforeEach(() => {
  options = { ...hub.options, directory: mkdtempSync(join(hub.directory, "project-")) };
  count += 1;
  deviceId = `device-${count}`;
});

const create = (...args: readonly string[]) =>
  run("c2d-hub", ["device", "create", "-d", deviceId, ...args], options);

const pathOf = (name: string) => join(options.directory, name);
const read = (name = ".env") => readFileSync(pathOf(name), "utf8");
const modeOf = (name = ".env") => statSync(pathOf(name)).mode & 0o777;

/** A message for the device, received by `c2d-device listen` with only the file. */
async function expectToListen(...args: readonly string[]): Promise<void> {
  expect((await hub.run("c2d-send", "-d", deviceId)).code).toBe(0);
  const listen = ["listen", "-c", "1", "--timeout", "100s", "-o", "json", ...args];
  const { code, stdout } = await run("c2d-device", listen, options);
  expect(code).toBe(0);
  expect(parseLines(stdout)).toMatchObject([{ type: "ready", deviceId }, { type: "message" }]);
}

/** The hub by connection string, like one on Azure. */
const createByLogin = (...args: readonly string[]) =>
  create("-l", connectionString, "--ca", hub.caFile, ...args);

test("a new file contains all that listen needs, and only its owner can read it", async () => {
  const { code, stdout, stderr } = await createByLogin("--write-env");
  expect(code).toBe(0);
  expect(modeOf()).toBe(0o600);
  const variables = parse(read());
  expect(Object.keys(variables)).toEqual([
    "IOTHUB_DEVICE_CONNECTION_STRING",
    "IOTHUB_CA_FILE",
    "IOTHUB_DEVICE_ID",
  ]);
  expect(variables.IOTHUB_DEVICE_ID).toBe(deviceId);
  const [, key = ""] = /SharedAccessKey=(.+)$/.exec(`${Object.values(variables)[0]}`) ?? [];
  expect(key).toMatch(/^[\w+/]{43}=$/);
  expect(`${stdout}${stderr}`).not.toContain(key);
  expect(stderr).toContain("./.env");
  await expectToListen();
});

test("a shell reads the same values as dotenv", async () => {
  deviceId = "it's=#1";
  await createByLogin("--write-env");
  const script =
    '. ./.env && printf "%s\\n%s" "$IOTHUB_DEVICE_CONNECTION_STRING" "$IOTHUB_DEVICE_ID"';
  const shell = execFileSync("sh", ["-c", script], { cwd: options.directory, encoding: "utf8" });
  const variables = parse(read());
  expect(shell).toBe(`${variables.IOTHUB_DEVICE_CONNECTION_STRING}\n${deviceId}`);
});

test("a file with another name is written", async () => {
  mkdirSync(pathOf("sub"));
  await create("--local", "--write-env", "sub/device.env");
  expect(existsSync(pathOf(".env"))).toBe(false);
  expect(modeOf("sub/device.env")).toBe(0o600);
  await expectToListen("--dotenv", "sub/device.env");
});

test("other lines are kept, the mode becomes 0600, and the device is replaced", async () => {
  const before =
    "# mine\nexport IOTHUB_DEVICE_ID=old\nPORT=1\n#IOTHUB_DEVICE_CONNECTION_STRING=prod\n";
  writeFileSync(pathOf(".env"), before);
  chmodSync(pathOf(".env"), 0o644);
  await createByLogin("--write-env");
  expect(read()).toMatch(
    new RegExp(
      `^# mine\\nexport IOTHUB_DEVICE_ID='${deviceId}'\\nPORT=1\\n#IOTHUB_DEVICE_CONNECTION_STRING=prod\\nIOTHUB_DEVICE_CONNECTION_STRING='.*'\\nIOTHUB_CA_FILE='.*'\\n$`,
    ),
  );
  expect(modeOf()).toBe(0o600);
  await expectToListen();
});

test("a symbolic link is kept, and its target is written", async () => {
  writeFileSync(pathOf("real.env"), "A=1\n");
  symlinkSync("real.env", pathOf(".env"));
  await create("--local", "--write-env");
  expect(lstatSync(pathOf(".env")).isSymbolicLink()).toBe(true);
  expect(parse(read("real.env"))).toMatchObject({ A: "1", IOTHUB_DEVICE_ID: deviceId });
});

describe("a device of the local hub", () => {
  test("gets a file that stays valid when the hub's port changes", async () => {
    const own = { directory: options.directory, env: { C2D_HOME: pathOf("home") } };
    const stop = () => run("c2d-hub", ["stop"], own);
    try {
      const { stderr } = await run(
        "c2d-hub",
        ["device", "create", "-d", "d", "--local", "--write-env"],
        own,
      );
      expect(read()).toBe("C2D_LOCAL='1'\nIOTHUB_DEVICE_ID='d'\n");
      expect(modeOf()).toBe(0o600);
      expect(stderr).toContain("now runs as d on the local hub");
      expect(stderr).not.toContain("Wrote the device's connection string");
      expect((await stop()).code).toBe(0);
      const telemetry = ["telemetry", "-c", "1", "-o", "json"];
      const { code, stdout } = await run("c2d-device", telemetry, own);
      expect(code).toBe(0);
      expect(parseLines(stdout)[0]).toMatchObject({ deviceId: "d" });
    } finally {
      await stop();
    }
  });

  test("replaces the settings of another hub", async () => {
    const others = `IOTHUB_CONNECTION_STRING='${connectionString}'\nIOTHUB_SAS=x\n`;
    writeFileSync(pathOf(".env"), others);
    const { stderr } = await create("--local", "--write-env");
    expect(read()).toBe(
      `${others.replaceAll(/^/gm, "#").replace(/#$/, "")}C2D_LOCAL='1'\nIOTHUB_DEVICE_ID='${deviceId}'\n`,
    );
    expect(stderr).toContain("IOTHUB_SAS and IOTHUB_CONNECTION_STRING in ./.env");
    await expectToListen();
  });

  test("with a certificate gets variables to fill in", async () => {
    const x509 = ["--auth-method", "x509_ca"];
    const { code, stderr } = await create("--local", "--write-env", ...x509);
    expect(code).toBe(0);
    expect(read()).toBe(
      `C2D_LOCAL='1'\nIOTHUB_DEVICE_ID='${deviceId}'\n#PATH_TO_CERTIFICATE_FILE=\n#PATH_TO_KEY_FILE=\n`,
    );
    expect(stderr).toContain("fill in PATH_TO_CERTIFICATE_FILE and PATH_TO_KEY_FILE in ./.env");
  });
});

describe("a file that selects the local hub", () => {
  beforeEach(() => writeFileSync(pathOf(".env"), formatEnvExample()));

  test("still does so, and names the device", async () => {
    const { code, stderr } = await create("--write-env");
    expect(code).toBe(0);
    expect(read()).toBe(`${formatEnvExample()}IOTHUB_DEVICE_ID='${deviceId}'\n`);
    expect(stderr).toContain("c2d-hub env");
    await expectToListen();
    expect((await run("c2d-send", [], options)).stdout).toContain(`to ${deviceId} `);
  });

  test("has conflicting variables commented out", async () => {
    const old = "IOTHUB_DEVICE_CONNECTION_STRING='HostName=h;DeviceId=d;SharedAccessKey=aaaa'\n";
    writeFileSync(pathOf(".env"), `C2D_LOCAL=1\n${old}`);
    const { stderr } = await create("--write-env");
    expect(read()).toBe(`C2D_LOCAL=1\n#${old}IOTHUB_DEVICE_ID='${deviceId}'\n`);
    expect(stderr).toContain("IOTHUB_DEVICE_CONNECTION_STRING in ./.env");
    await expectToListen();
  });

  test("selects another hub if the device belongs to it", async () => {
    const { code, stderr } = await createByLogin("--write-env");
    expect(code).toBe(0);
    expect(stderr).toContain("C2D_LOCAL in ./.env");
    expect(parse(read())).toEqual({
      IOTHUB_DEVICE_CONNECTION_STRING: expect.stringContaining(`DeviceId=${deviceId};`),
      IOTHUB_DEVICE_ID: deviceId,
      IOTHUB_CA_FILE: hub.caFile,
    });
    await expectToListen();
  });
});

test("a SAS token is replaced by the connection string", async () => {
  writeFileSync(pathOf(".env"), "IOTHUB_SAS='SharedAccessSignature sr=x'\n");
  await createByLogin("--write-env");
  expect(read()).toMatch(/^#IOTHUB_SAS=/);
  await expectToListen();
});

test("--if-not-exists writes the file for an existing device", async () => {
  await create("--local");
  expect((await create("--local", "--if-not-exists", "--write-env")).code).toBe(0);
  await expectToListen();
});

describe("--write-env creates no device if the file cannot be written", () => {
  async function expectRefused(attempt: Promise<Ended>, says: string): Promise<void> {
    const { code, stdout, stderr } = await attempt;
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(says);
    const shown = await hub.run("c2d-hub", "device", "show", "-d", deviceId);
    expect(shown.code, "the device was created all the same").toBe(6);
  }

  test("because its directory is missing", async () => {
    await expectRefused(create("--local", "--write-env", "none/.env"), "none/.env");
  });

  test("because its path continues below a file", async () => {
    writeFileSync(pathOf("file"), "");
    await expectRefused(create("--local", "--write-env", "file/.env"), "file/.env");
  });

  test("because it is a directory", async () => {
    mkdirSync(pathOf(".env.d"));
    await expectRefused(create("--local", "--write-env", ".env.d"), "EISDIR");
  });

  test("because it has a value that spans lines", async () => {
    const text = 'A="\nIOTHUB_DEVICE_ID=1\n"\n';
    writeFileSync(pathOf("odd.env"), text);
    await expectRefused(create("--local", "--write-env", "odd.env"), "spans several lines");
    expect(read("odd.env")).toBe(text);
  });
});
