/** `--local` starts a background hub, or reports why it cannot. */

import type { ChildProcess } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { ensureLocalHub } from "../../../src/cli/local/ensure-local-hub.ts";
import { findRunningHub } from "../../../src/cli/local/find-running-hub.ts";
import { createHome, type HomePaths } from "../../../src/hub/home/home.ts";
import { startHomeHub } from "../../../src/hub/home-hub.ts";
import { acquireOwnership } from "../../../src/hub/store/ownership.ts";
import { temporaryDirectory } from "../../support/local-hub.ts";

const hasFullDevice = existsSync("/dev/full");
if (!hasFullDevice) console.warn("SKIPPED: there is no /dev/full here; a full disk is not tried.");

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A home directory; the background hubs started in the test are stopped at its end. */
function createTestHome(): HomePaths {
  const paths = createHome(temporaryDirectory());
  const hubs: ChildProcess[] = [];
  const addHub = (message: unknown) => hubs.push((message as { process: ChildProcess }).process);
  subscribe("child_process", addHub);
  onTestFinished(async () => {
    unsubscribe("child_process", addHub);
    for (const hub of hubs) hub.kill();
    await Promise.all(hubs.map((hub) => hub.exitCode ?? hub.signalCode ?? once(hub, "exit")));
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

/** Counts the hubs started from now on. */
function countStarts({ directory }: HomePaths): () => number {
  const file = join(directory, "starts");
  writeFileSync(file, "");
  preload(`import { appendFileSync } from "node:fs";
    appendFileSync(${JSON.stringify(file)}, "x");`);
  return () => readFileSync(file).length;
}

/** Runs this first in every process started from now on. */
function preload(program: string): void {
  vi.stubEnv("NODE_OPTIONS", `--import=data:text/javascript,${encodeURIComponent(program)}`);
}

test("the hub's error and exit code are passed on, without a retry", async () => {
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

// LevelDB deletes a file that it cannot write, so a retry would succeed.
test.skipIf(!hasFullDevice)("a full disk is reported without a retry", async () => {
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

test("a hub starts even if its log cannot be written", async () => {
  const paths = createTestHome();
  mkdirSync(paths.logFile);
  expect(await ensure(paths)).toEqual(await findRunningHub(paths.directory));
});

test("the start is retried while another process has the store", async () => {
  const paths = createTestHome();
  const owner = await acquireOwnership(paths.storeDirectory);
  const starts = countStarts(paths);
  const ensured = ensure(paths);
  // The second one is started because the first one has failed.
  await expect.poll(starts).toBeGreaterThan(1);
  await owner.release();
  expect(await ensured).toEqual(await findRunningHub(paths.directory));
});

test("StoreInUse is reported if the other process keeps the store", async () => {
  const paths = createTestHome();
  const owner = await acquireOwnership(paths.storeDirectory);
  onTestFinished(() => owner.release());
  await expect(ensure(paths, { limitMs: 3000 })).rejects.toMatchObject({
    name: "StoreInUse",
    exitCode: 6,
  });
});

test("a damaged hub.json of a running hub is reported without a retry", async () => {
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

test("a process that exits without a report is reported with its exit code and the log", async () => {
  const paths = createTestHome();
  preload("process.exit(9)");
  await expect(ensure(paths)).rejects.toMatchObject({
    name: "LocalHubNotStarted",
    message: "The local hub could not be started: its process exited with 9.",
    hint: expect.stringContaining(paths.logFile),
  });
});

test("a process that never gets ready is waited for up to the limit", async () => {
  const paths = createTestHome();
  preload("Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);");
  await expect(ensure(paths, { limitMs: 3000 })).rejects.toMatchObject({
    name: "LocalHubNotStarted",
    message: expect.stringContaining("not ready within 3 s"),
  });
});

test("Ctrl-C ends the wait", async () => {
  const paths = createTestHome();
  const interruption = new AbortController();
  const ensured = ensure(paths, { signal: interruption.signal });
  interruption.abort();
  await expect(ensured).rejects.toMatchObject({ name: "AbortError" });
  // The hub starts anyway.
  await expect.poll(() => findRunningHub(paths.directory)).toBeDefined();
});
