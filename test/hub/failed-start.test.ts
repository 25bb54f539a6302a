/** A failed start leaves nothing behind, at whatever point it fails. */

import { mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { startHomeHub } from "../../src/hub/home-hub.ts";
import { startLocalHub } from "../../src/hub/local-hub.ts";
import { Registry } from "../../src/hub/model/identity-registry.ts";
import { freePort, isListening, temporaryDirectory } from "../support/local-hub.ts";
import { TestClock } from "../support/test-clock.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** The directory for temporary files, empty. */
function emptyTmpdir(): string {
  const directory = temporaryDirectory();
  vi.stubEnv("TMPDIR", directory);
  return directory;
}

describe("startLocalHub", () => {
  it("without a directory for temporary files leaves nothing listening", async () => {
    const port = await freePort();
    vi.stubEnv("TMPDIR", join(temporaryDirectory(), "missing"));
    await expect(startLocalHub({ port })).rejects.toMatchObject({ code: "ENOENT" });
    expect(await isListening(port)).toBe(false);
  });

  it("on a taken port leaves no temporary directory", async () => {
    const directory = emptyTmpdir();
    const server = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    await expect(startLocalHub({ port })).rejects.toMatchObject({ name: "PortUnavailable" });
    expect(readdirSync(directory)).toEqual([]);
  });

  it("that cannot create a device stops, with the first error, and leaves no directory", async () => {
    const directory = emptyTmpdir();
    const port = await freePort();
    vi.spyOn(Registry.prototype, "ensure").mockRejectedValue(new Error("no device"));
    await expect(startLocalHub({ port, devices: ["device1"] })).rejects.toThrow("no device");
    expect(await isListening(port)).toBe(false);
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe("startHomeHub", () => {
  it("that cannot write hub.json stops and leaves the directory to the next", async () => {
    const directory = temporaryDirectory();
    const port = await freePort();
    mkdirSync(join(directory, "hub.json"));
    const clock = new TestClock();
    const options = { directory, ports: [port], idleExitMs: 120_000, clock };
    await expect(startHomeHub(options)).rejects.toThrow(/EISDIR|hub\.json/);
    expect(await isListening(port)).toBe(false);
    expect(clock.liveTimers).toBe(0);
    rmdirSync(join(directory, "hub.json"));
    const next = await startHomeHub(options);
    await next.stop();
  });

  it("whose store takes no device stops, with the store's error", async () => {
    const port = await freePort();
    vi.spyOn(ClassicLevel.prototype, "batch").mockImplementation(() => {
      throw new Error("the disk is gone");
    });
    const options = { directory: temporaryDirectory(), ports: [port], devices: ["device1"] };
    await expect(startHomeHub(options)).rejects.toThrow("the disk is gone");
    expect(await isListening(port)).toBe(false);
  });

  it("on a taken port leaves no timer, though it was to stop when idle", async () => {
    const server = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const clock = new TestClock();
    const directory = temporaryDirectory();
    const starting = startHomeHub({ directory, ports: [port], idleExitMs: 120_000, clock });
    await expect(starting).rejects.toMatchObject({ name: "PortUnavailable" });
    expect(clock.liveTimers).toBe(0);
  });
});

it("a hub that cannot remove its hub.json stops all the same, and says so", async () => {
  const directory = temporaryDirectory();
  const port = await freePort();
  const hub = await startHomeHub({ directory, ports: [port], isInMemory: true });
  rmSync(join(directory, "hub.json"));
  mkdirSync(join(directory, "hub.json"));
  await hub.stop();
  await expect(hub.stopped).rejects.toMatchObject({ name: "HomeUnusable" });
  expect(await isListening(port)).toBe(false);
});
