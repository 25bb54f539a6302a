/** The published package is complete and minimal; tested in an otherwise empty folder. */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseLines } from "../cli/support/run-executable.ts";

const ROOT = join(import.meta.dirname, "../..");
const EXECUTABLES = ["c2d-device", "c2d-send", "c2d-hub", "c2d-tools"] as const;
const INSTALL_LIMIT_MS = 120_000;

/** The last version with node10 module resolution, which many programs still use. */
const OLDER_TYPESCRIPT = "5.9.3";

let directory: string;
let consumer: string;
let packed: readonly string[];

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "c2d-package-"));
  consumer = join(directory, "consumer");
  mkdirSync(consumer);
  // Without scripts: a build would remove dist while other tests run.
  const pack = npm(["pack", "--ignore-scripts", "--json", "--pack-destination", directory], ROOT);
  const [{ filename, files }] = JSON.parse(pack) as [
    { readonly filename: string; readonly files: readonly { readonly path: string }[] },
  ];
  packed = files.map(({ path }) => path);
  const manifest = { name: "consumer", private: true, type: "module" };
  writeFileSync(join(consumer, "package.json"), JSON.stringify(manifest));
  const packages = [join(directory, filename), `typescript@${OLDER_TYPESCRIPT}`];
  npm(["install", "--no-audit", "--no-fund", "--prefer-offline", ...packages], consumer);
}, INSTALL_LIMIT_MS);

afterAll(() => {
  installed("c2d-hub", ["stop"]);
  rmSync(directory, { recursive: true, force: true });
});

describe("the tarball", () => {
  test("contains only bundles, the library's types and the usual package files", () => {
    const others = packed.filter(
      (path) => !/^dist\/([^/]+\.c?js(\.map)?|types\/.+\.d\.ts|page\/page\.(js|css))$/.test(path),
    );
    expect(others.sort()).toEqual([
      ".env.example",
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      ...EXECUTABLES.map((name) => `bin/${name}.js`).sort(),
      "bin/package.json",
      "dist/THIRD-PARTY-NOTICES.txt",
      "dist/page/favicon.svg",
      "dist/page/index.html",
      "package.json",
    ]);
    expect(packed.filter((path) => /test|demo|example\//.test(path))).toEqual([]);
  });

  test("names each bundled package with its version and licence", () => {
    const [list = ""] = readFileSync(join(ROOT, "dist/THIRD-PARTY-NOTICES.txt"), "utf8").split(
      "---",
    );
    for (const name of [
      "azure-iothub",
      "azure-iot-device",
      "azure-iot-device-mqtt",
      "rhea",
      "preact",
      "uplot",
    ]) {
      const { version } = readManifest(`node_modules/${name}`);
      expect(list).toContain(`\n${name} ${version}: `);
    }
    const bundled = list.trim().split("\n").slice(2);
    expect(bundled.length).toBeGreaterThan(50);
    expect(
      bundled.filter(
        (line) =>
          !/^\S+ \d+\.\S+: (MIT|ISC|Apache-2\.0|BSD|0BSD|MIT-0|Unlicense|\(.+\))/.test(line),
      ),
    ).toEqual([]);
  });

  test("contains no secret", () => {
    const texts = packed.map((path) => readFileSync(join(ROOT, path), "utf8")).join("\n");
    expect(texts).not.toMatch(/-----BEGIN [A-Z ]*PRIVATE KEY-----\n/);
    expect(texts).not.toMatch(/\bSharedAccessKey=[A-Za-z0-9+/]{20,}/);
  });
});

describe("the installed package", () => {
  test.each(EXECUTABLES)("runs %s --version", (name) => {
    const { version } = readManifest(".");
    expect(installed(name, ["--version"])).toMatchObject({ status: 0, stdout: `${version}\n` });
  });

  test("sends and receives a message through the local hub", () => {
    const sent = installed("c2d-send", ["--local", "-o", "json", "--data", "to be installed"]);
    expect(sent).toMatchObject({ status: 0 });
    const args = ["listen", "--local", "-o", "json", "--count", "1", "--timeout", "100s"];
    const received = installed("c2d-device", args);
    expect(parseLines(received.stdout).at(-1)).toMatchObject({ body: "to be installed" });
    expect(received.status).toBe(0);
    expect(installed("c2d-hub", ["stop"])).toMatchObject({ status: 0 });
  });

  test("runs a hub with npx c2d-tools", async () => {
    const args = ["--no-install", "c2d-tools", "hub", "start", "--port", "0", "-o", "json"];
    const { timeout: _, ...own } = options();
    const hub = spawn("npx", args, { ...own, stdio: ["ignore", "pipe", "ignore"] });
    const ended = new Promise((resolve) => hub.on("exit", resolve));
    const [ready] = (await once(hub.stdout.setEncoding("utf8"), "data")) as [string];
    expect(parseLines(ready)[0]).toMatchObject({ type: "hub" });
    expect(installed("c2d-tools", ["hub", "stop"])).toMatchObject({ status: 0 });
    expect(await ended).toBe(0);
  });

  test("starts and stops a hub from the library", () => {
    const program = `
      import { startLocalHub } from "c2d-tools";
      const hub = await startLocalHub({ devices: ["device1"] });
      console.log(hub.deviceConnectionString("device1").includes("DeviceId=device1"));
      await hub.stop();
    `;
    const { status, stdout, stderr } = node(["--input-type=module", "--eval", program]);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "true\n", stderr: "" });
  });

  test("tests a device and a service with vitest, in ES modules", () => {
    const directory = copyExample("vitest-own-code");
    symlinkSync(join(ROOT, "node_modules/vitest"), join(consumer, "node_modules/vitest"));
    const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
    const { status, stdout } = node([vitest, "run", "--root", directory]);
    expect(stdout).toMatch(/Tests .*4 passed/);
    expect(status).toBe(0);
  });

  test("tests a device and a service with node:test, in CommonJS", () => {
    const directory = copyExample("node-test-own-code");
    const { status, stdout } = node(["--test", join(directory, "lamp.test.cjs")]);
    expect(stdout).toMatch(/pass 2$/m);
    expect(status).toBe(0);
  });

  test("does not export inner modules", () => {
    const { stderr } = node(["--input-type=module", "--eval", `import "c2d-tools/dist/index.js"`]);
    expect(stderr).toContain("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });

  test("has types that compile in a strict program, with nothing else installed", () => {
    writeFileSync(
      join(consumer, "consumer.ts"),
      `import { HubError, type HubEvent, type LocalHub, ManualClock, startLocalHub } from "c2d-tools";
const hub: LocalHub = await startLocalHub({ devices: ["device1"], clock: new ManualClock() });
const names: HubEvent["type"][] = [];
const unsubscribe: () => void = hub.subscribe((event) => names.push(event.type));
unsubscribe();
export const strings: string[] = [hub.connectionString, hub.deviceConnectionString("device1"), hub.caFile];
export const isHubError = (error: unknown): boolean => error instanceof HubError && error.httpStatus === 404;
// @ts-expect-error a device id is a string
hub.deviceConnectionString(1);
await hub.stop();
`,
    );
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const flags = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2023"];
    const { status, stdout } = node([tsc, ...flags, "--types", "", "consumer.ts"]);
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });
});

const CONSUMER = `
import { HubError, HubStoppedError, InvalidOptionError, PortUnavailable, startLocalHub, StoreError } from "c2d-tools";
import type { HubEvent, LocalHub, LocalHubOptions } from "c2d-tools";
const options: LocalHubOptions = { devices: ["device1"] };
export const types: Promise<HubEvent["type"][]> = startLocalHub(options).then(async (hub: LocalHub) => {
  const seen: HubEvent["type"][] = [];
  hub.subscribe(({ type }) => seen.push(type));
  await hub.stop();
  return seen;
});
export const errors = [HubError, HubStoppedError, InvalidOptionError, PortUnavailable, StoreError];
// @ts-expect-error there is no such option
startLocalHub({ devcies: [] });
`;

describe.each([
  ["node10", "commonjs", "ts"],
  ["node16", "node16", "ts"],
  ["nodenext", "nodenext", "ts"],
  ["nodenext", "nodenext", "cts"],
  ["bundler", "esnext", "ts"],
])("types under moduleResolution %s, module %s", (moduleResolution, module, extension) => {
  test(`resolve in a .${extension} file`, () => {
    const file = `resolution-${moduleResolution}.${extension}`;
    writeFileSync(join(consumer, file), CONSUMER);
    const tsc = join(consumer, "node_modules/typescript/lib/tsc.js");
    // Older than the library's own target, whose types must bring what they need.
    const flags = ["--strict", "--noEmit", "--target", "es2020"];
    const resolution = ["--module", module, "--moduleResolution", moduleResolution];
    const { status, stdout } = node([tsc, ...flags, ...resolution, file]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
  });
});

function copyExample(name: string): string {
  const directory = join(consumer, name);
  cpSync(join(ROOT, "examples", name), directory, { recursive: true });
  return directory;
}

function readManifest(folder: string): { readonly version: string } {
  return JSON.parse(readFileSync(join(ROOT, folder, "package.json"), "utf8")) as {
    readonly version: string;
  };
}

function npm(args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync("npm", args, {
    cwd,
    encoding: "utf8",
    timeout: INSTALL_LIMIT_MS,
  });
  if (status !== 0) throw new Error(`npm ${args[0]} ended with ${status}:\n${stderr}`);
  return stdout;
}

function installed(name: (typeof EXECUTABLES)[number], args: readonly string[]) {
  return spawnSync(join(consumer, "node_modules/.bin", name), args, options());
}

function node(args: readonly string[]) {
  return spawnSync(process.execPath, args, options());
}

function options() {
  const env = { PATH: process.env.PATH, HOME: directory, C2D_HOME: join(directory, "home") };
  return { cwd: consumer, env, encoding: "utf8", timeout: 60_000 } as const;
}
