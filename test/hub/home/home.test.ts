import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  createHome,
  type HomePaths,
  homePaths,
  readRunningHub,
  writeHubDescription,
} from "../../../src/hub/home/home.ts";
import { requireUsableHome } from "../../../src/hub/home/home-directory.ts";
import { startHomeHub } from "../../../src/hub/home-hub.ts";
import { freePort, temporaryDirectory } from "../../support/local-hub.ts";
import { onPosix } from "../../support/platform.ts";

const withModes = it.runIf(onPosix("file modes"));

async function startAtHome(directory: string, options = {}) {
  const hub = await startHomeHub({ directory, ports: [0], ...options });
  onTestFinished(() => hub.stop());
  return hub;
}

const description = {
  hostName: "localhost:1",
  endpoint: "localhost:1",
  host: "127.0.0.1",
  ports: [1],
  pid: process.pid,
  caFile: "ca.pem",
  connectionString: "HostName=localhost:1;SharedAccessKeyName=iothubowner;SharedAccessKey=a2V5",
  eventHubConnectionString: "Endpoint=sb://localhost:1/",
};

describe("the home directory", () => {
  withModes("is accessible only to its owner", async () => {
    const directory = join(temporaryDirectory(), "deep", "home");
    await startAtHome(directory);
    const { hubFile, installationFile } = homePaths(directory);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    for (const file of [hubFile, installationFile]) expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  const unusable: [what: string, make: () => string][] = [
    ["a file", () => fileIn(temporaryDirectory())],
    ["inside a file", () => join(fileIn(temporaryDirectory()), "home")],
    ["a dangling link", () => danglingLink(temporaryDirectory())],
  ];
  // No directory can be created here, even by root; Node's own recursive mkdir would retry forever.
  if (process.platform === "linux") unusable.push(["in /proc", () => "/proc/c2d/home"]);

  it.each(unusable)("is refused immediately, with its path, when it is %s", async (_what, make) => {
    const directory = make();
    const refusal = { name: "HomeUnusable", message: expect.stringContaining(directory) };
    await expect(startHomeHub({ directory, ports: [0] })).rejects.toMatchObject(refusal);
    expect(() => createHome(directory)).toThrow(expect.objectContaining(refusal));
  });

  it("is refused when it belongs to another user", async (context) => {
    const directory = temporaryDirectory();
    if (process.geteuid?.() !== 0) {
      process.stderr.write("SKIPPED: only root can give a directory to another user.\n");
      return context.skip();
    }
    chownSync(directory, 12_345, -1);
    for (const use of [createHome, requireUsableHome]) {
      expect(() => use(directory)).toThrow(`${directory} belongs to another user`);
    }
  });

  it("is not created by a check", () => {
    const parent = temporaryDirectory();
    requireUsableHome(join(parent, "deep", "home"));
    expect(readdirSync(parent)).toEqual([]);
  });
});

function fileIn(directory: string): string {
  const path = join(directory, "file");
  writeFileSync(path, "");
  return path;
}

function danglingLink(directory: string): string {
  const path = join(directory, "link");
  symlinkSync(join(directory, "nowhere"), path);
  return path;
}

describe("readRunningHub", () => {
  it("describes the running hub, until it stops", async () => {
    const directory = temporaryDirectory();
    const hub = await startAtHome(directory);
    expect(readRunningHub(directory)).toMatchObject({
      hostName: hub.hostName,
      ports: hub.ports,
      pid: process.pid,
      connectionString: hub.connectionString,
    });
    await hub.stop();
    expect(existsSync(homePaths(directory).hubFile)).toBe(false);
    expect(readRunningHub(directory)).toBeUndefined();
  });

  it("finds no hub without a directory or hub.json", () => {
    expect(readRunningHub(join(temporaryDirectory(), "nowhere"))).toBeUndefined();
    expect(readRunningHub(temporaryDirectory())).toBeUndefined();
  });

  it.each<[string, object]>([
    ["its process is gone", { pid: 2 ** 22 + 1 }],
    ["it has no ports", { ports: [] }],
    ["its port is out of range", { ports: [99_999] }],
    ["its port is a string", { ports: ["x"] }],
    ["its host is a number", { host: 7 }],
    ["its endpoint is missing", { endpoint: undefined }],
    ["its certificate is missing", { caFile: undefined }],
    ["its process id is a string", { pid: "1" }],
    ["its process id is negative", { pid: -1.5 }],
  ])("treats hub.json as stale when %s", (_why, fields) => {
    const paths = createHome(temporaryDirectory());
    writeHubDescription(paths, { ...description, ...fields });
    expect(readRunningHub(paths.directory)).toBeUndefined();
  });

  it.each(["", "{", "null", "[]", "7", "{}", '"x"'])(
    "treats hub.json as stale when it contains %o",
    (text) => {
      const paths = createHome(temporaryDirectory());
      writeFileSync(paths.hubFile, text);
      expect(readRunningHub(paths.directory)).toBeUndefined();
    },
  );
});

describe("startHomeHub", () => {
  it("replaces a stale hub.json", async () => {
    const paths = createHome(temporaryDirectory());
    writeHubDescription(paths, { ...description, pid: 2 ** 22 + 1 });
    const hub = await startAtHome(paths.directory);
    expect(readRunningHub(paths.directory)).toMatchObject({ ports: hub.ports });
  });

  it("keeps keys, certificate authority and devices across restarts", async () => {
    const directory = temporaryDirectory();
    const first = await startAtHome(directory);
    const device = first.deviceConnectionString("device1");
    const ca = readFileSync(first.caFile, "utf8");
    await first.stop();
    const second = await startAtHome(directory);
    const keyOf = (text: string): string => text.slice(text.indexOf("SharedAccessKey="));
    expect(keyOf(second.connectionString)).toBe(keyOf(first.connectionString));
    expect(keyOf(second.deviceConnectionString("device1"))).toBe(keyOf(device));
    expect(readFileSync(second.caFile, "utf8")).toBe(ca);
  });

  it.each([false, true])("refuses a directory in use (in memory: %s)", async (isInMemory) => {
    const directory = temporaryDirectory();
    const hub = await startAtHome(directory, { isInMemory });
    await expect(startHomeHub({ directory, ports: [0] })).rejects.toMatchObject({
      name: "StoreInUse",
    });
    expect(readRunningHub(directory)).toMatchObject({ ports: hub.ports });
  });

  it("releases the directory when its port is taken", async () => {
    const directory = temporaryDirectory();
    const other = await startAtHome(temporaryDirectory());
    await expect(startHomeHub({ directory, ports: [...other.ports] })).rejects.toMatchObject({
      name: "PortUnavailable",
    });
    expect(existsSync(homePaths(directory).hubFile)).toBe(false);
    await startAtHome(directory);
  });

  it("skips taken ports if asked to, and uses a free one when all are taken", async () => {
    const other = await startAtHome(temporaryDirectory());
    const hub = await startAtHome(temporaryDirectory(), {
      ports: [...other.ports],
      onTakenPort: "skip",
    });
    expect(hub.ports).toHaveLength(1);
    expect(hub.ports).not.toEqual(other.ports);
  });

  it.each(["", "{", "null", "[]", "7", "{}", '{"authority":{"certificate":"x","privateKey":"y"}}'])(
    "reports an installation.json that contains %o, and leaves it unchanged",
    async (text) => {
      const paths = createHome(temporaryDirectory());
      writeFileSync(paths.installationFile, text);
      await expect(startHomeHub({ directory: paths.directory, ports: [0] })).rejects.toMatchObject({
        name: "HomeDamaged",
        message: expect.stringContaining(paths.installationFile),
      });
      expect(readFileSync(paths.installationFile, "utf8")).toBe(text);
    },
  );

  it("shows no key of a damaged installation.json", async () => {
    const paths = createHome(temporaryDirectory());
    await (await startAtHome(paths.directory)).stop();
    const text = readFileSync(paths.installationFile, "utf8");
    const { policies } = JSON.parse(text) as { policies: { primaryKey: string }[] };
    writeFileSync(paths.installationFile, text.slice(0, -10));
    const error = await startHomeHub({ directory: paths.directory, ports: [0] }).catch(String);
    for (const { primaryKey } of policies) expect(error).not.toContain(primaryKey.slice(0, 8));
  });

  withModes("leaves a directory shared by all users unchanged", () => {
    const directory = temporaryDirectory();
    chmodSync(directory, 0o1777);
    expect(() => createHome(directory)).toThrow(`${directory} is shared by all users`);
    expect(statSync(directory).mode & 0o7777).toBe(0o1777);
  });

  it.runIf(onPosix("named pipes"))("does not block on a named pipe", () => {
    const paths = createHome(temporaryDirectory());
    execFileSync("mkfifo", [paths.hubFile]);
    expect(() => readRunningHub(paths.directory)).toThrow(`${paths.hubFile} cannot be read`);
  });

  it.each<keyof HomePaths>(["hubFile", "installationFile", "caFile"])(
    "leaves nothing open when its %s is unusable",
    async (file) => {
      const paths = createHome(temporaryDirectory());
      const ports = [await freePort()];
      mkdirSync(paths[file]);
      await expect(startHomeHub({ directory: paths.directory, ports })).rejects.toMatchObject({
        name: "HomeUnusable",
        message: expect.stringContaining(paths[file]),
      });
      rmSync(paths[file], { recursive: true });
      await startAtHome(paths.directory, { ports });
    },
  );

  it.skipIf(!existsSync("/dev/full"))("reports a full disk", async () => {
    const paths = createHome(temporaryDirectory());
    symlinkSync("/dev/full", `${paths.installationFile}.${process.pid}.tmp`);
    await expect(startHomeHub({ directory: paths.directory, ports: [0] })).rejects.toMatchObject({
      name: "StoreFull",
    });
    await startAtHome(paths.directory);
  });

  it.each(["store", "store.owner"])("refuses a file in place of its %s", async (name) => {
    const paths = createHome(temporaryDirectory());
    writeFileSync(join(paths.directory, name), "");
    await expect(startHomeHub({ directory: paths.directory, ports: [0] })).rejects.toMatchObject({
      name: "StoreDamaged",
    });
  });

  it("leaves nothing open when aborted", async () => {
    const paths = createHome(temporaryDirectory());
    const ports = [await freePort()];
    const { directory } = paths;
    const aborter = new AbortController();
    const aborted = expect(
      startHomeHub({ directory, ports, signal: aborter.signal }),
    ).rejects.toMatchObject({ name: "AbortError" });
    aborter.abort();
    await aborted;
    expect(existsSync(paths.hubFile)).toBe(false);
    await expect(startHomeHub({ directory, ports, signal: aborter.signal })).rejects.toThrow();
    await startAtHome(directory, { ports });
  });
});
