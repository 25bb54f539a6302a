/** What `--local` makes of a hub in the background that starts, or does not. */

import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { ensureLocalHub } from "../../../src/cli/local/ensure-local-hub.ts";
import { findRunningHub } from "../../../src/cli/local/find-running-hub.ts";
import { createHome, type HomePaths } from "../../../src/hub/home/home.ts";
import { startHomeHub } from "../../../src/hub/home-hub.ts";
import { acquireOwnership } from "../../../src/hub/store/ownership.ts";
import { temporaryDirectory } from "../../support/local-hub.ts";
import { run } from "../support/run-executable.ts";

const hasFullDevice = existsSync("/dev/full");
if (!hasFullDevice) console.warn("SKIPPED: there is no /dev/full here; a full disk is not tried.");

afterEach(() => {
  vi.unstubAllEnvs();
});

function createTestHome(): HomePaths {
  const paths = createHome(join(temporaryDirectory(), "home"));
  const { directory } = paths;
  onTestFinished(async () => {
    await run("c2d-hub", ["stop"], { directory, env: { C2D_HOME: directory } });
  });
  return paths;
}

function ensure(
  { directory }: HomePaths,
  options: { signal?: AbortSignal; limitMs?: number } = {},
) {
  const { signal = new AbortController().signal, limitMs = 30_000 } = options;
  return ensureLocalHub({ home: directory, timeoutMs: limitMs, signal, onStart: () => {} });
}

/** Counts the hubs that are started from now on. */
function countStarts({ directory }: HomePaths): () => number {
  const file = join(directory, "starts");
  writeFileSync(file, "");
  preload(`import { appendFileSync } from "node:fs";
    appendFileSync(${JSON.stringify(file)}, "x");`);
  return () => readFileSync(file).length;
}

/** Has every process started from now on run this first. */
function preload(program: string): void {
  vi.stubEnv("NODE_OPTIONS", `--import=data:text/javascript,${encodeURIComponent(program)}`);
}

test("what the hub says is passed on, with its exit code, and it is not tried again", async () => {
  const paths = createTestHome();
  writeFileSync(paths.installationFile, "{");
  const starts = countStarts(paths);
  await expect(ensure(paths)).rejects.toMatchObject({
    name: "HomeDamaged",
    message: `${paths.installationFile} is damaged: it is not JSON.`,
    hint: expect.stringContaining("Restore the file"),
    exitCode: 3,
  });
  expect(starts()).toBe(1);
  expect(readFileSync(paths.installationFile, "utf8")).toBe("{");
});

// LevelDB takes the file away when it cannot write it: another try would find room.
test.skipIf(!hasFullDevice)("a full disk ends it at once", async () => {
  const paths = createTestHome();
  const owner = `${paths.storeDirectory}.owner`;
  mkdirSync(owner);
  symlinkSync("/dev/full", join(owner, "MANIFEST-000001"));
  const starts = countStarts(paths);
  await expect(ensure(paths)).rejects.toMatchObject({
    name: "StoreFull",
    message: expect.stringContaining(paths.storeDirectory),
    exitCode: 6,
  });
  expect(starts()).toBe(1);
});

test("a log that cannot be written is no reason to have no hub", async () => {
  const paths = createTestHome();
  mkdirSync(paths.logFile);
  expect(await ensure(paths)).toEqual(await findRunningHub(paths.directory));
});

test("while another process has the store it is tried again, until that one is gone", async () => {
  const paths = createTestHome();
  const owner = await acquireOwnership(paths.storeDirectory);
  const starts = countStarts(paths);
  const ensured = ensure(paths);
  // The second one is started because the first one has failed.
  await expect.poll(starts).toBeGreaterThan(1);
  await owner.release();
  expect(await ensured).toEqual(await findRunningHub(paths.directory));
});

test("when that one stays, it is named in the end", async () => {
  const paths = createTestHome();
  const owner = await acquireOwnership(paths.storeDirectory);
  onTestFinished(() => owner.release());
  await expect(ensure(paths, { limitMs: 3000 })).rejects.toMatchObject({
    name: "StoreInUse",
    exitCode: 6,
  });
});

test("a hub whose hub.json was damaged is not waited for", async () => {
  const paths = createTestHome();
  await using hub = await startHomeHub({
    directory: paths.directory,
    ports: [0],
    isInMemory: true,
  });
  writeFileSync(paths.hubFile, "{");
  const starts = countStarts(paths);
  await expect(ensure(paths)).rejects.toMatchObject({
    name: "HomeDamaged",
    message: expect.stringContaining(paths.hubFile),
  });
  expect(starts()).toBe(1);
  expect(hub.ports).toHaveLength(1);
});

test("a process that ends without a word is told with its code and the log", async () => {
  const paths = createTestHome();
  preload("process.exit(9)");
  await expect(ensure(paths)).rejects.toMatchObject({
    name: "LocalHubNotStarted",
    message: "The local hub could not be started: its process exited with 9.",
    hint: expect.stringContaining(paths.logFile),
  });
});

test("a process that never gets ready is waited for no longer than the limit", async () => {
  const paths = createTestHome();
  const pidFile = join(paths.directory, "pid");
  preload(`import { writeFileSync } from "node:fs";
    writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`);
  await expect(ensure(paths, { limitMs: 3000 })).rejects.toMatchObject({
    name: "LocalHubNotStarted",
    message: expect.stringContaining("not ready within 3 s"),
  });
  process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL");
});

test("Ctrl-C ends the wait", async () => {
  const paths = createTestHome();
  const interruption = new AbortController();
  const ensured = ensure(paths, { signal: interruption.signal });
  interruption.abort();
  await expect(ensured).rejects.toMatchObject({ name: "AbortError" });
  // The hub starts nevertheless, and can be stopped only then.
  await expect.poll(() => findRunningHub(paths.directory)).toBeDefined();
});
