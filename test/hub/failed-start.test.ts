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

/** Sets an empty directory for temporary files. */
function emptyTmpdir(): string {
  const directory = temporaryDirectory();
  vi.stubEnv("TMPDIR", directory);
  return directory;
}

describe("startLocalHub", () => {
  it("leaves nothing listening when there is no temporary directory", async () => {
    const port = await freePort();
    vi.stubEnv("TMPDIR", join(temporaryDirectory(), "missing"));
    await expect(startLocalHub({ port })).rejects.toMatchObject({ code: "ENOENT" });
    expect(await isListening(port)).toBe(false);
  });

  it("leaves no files when the port is taken", async () => {
    const directory = emptyTmpdir();
    const server = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    await expect(startLocalHub({ port })).rejects.toMatchObject({ name: "PortUnavailable" });
    expect(readdirSync(directory)).toEqual([]);
  });

  it("leaves nothing when a device cannot be created, and reports the first error", async () => {
    const directory = emptyTmpdir();
    const port = await freePort();
    vi.spyOn(Registry.prototype, "ensure").mockRejectedValue(new Error("no device"));
    await expect(startLocalHub({ port, devices: ["device1"] })).rejects.toThrow("no device");
    expect(await isListening(port)).toBe(false);
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe("startHomeHub", () => {
  it("releases the directory when hub.json cannot be written", async () => {
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

  it("fails with the store's error when the store cannot be written", async () => {
    const port = await freePort();
    vi.spyOn(ClassicLevel.prototype, "batch").mockImplementation(() => {
      throw new Error("the disk is gone");
    });
    const options = { directory: temporaryDirectory(), ports: [port], devices: ["device1"] };
    await expect(startHomeHub(options)).rejects.toThrow("the disk is gone");
    expect(await isListening(port)).toBe(false);
  });

  it("leaves no idle timer when the port is taken", async () => {
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

it("a hub that cannot remove its hub.json stops anyway, and reports it", async () => {
  const directory = temporaryDirectory();
  const port = await freePort();
  const hub = await startHomeHub({ directory, ports: [port], isInMemory: true });
  rmSync(join(directory, "hub.json"));
  mkdirSync(join(directory, "hub.json"));
  await hub.stop();
  await expect(hub.stopped).rejects.toMatchObject({ name: "HomeUnusable" });
  expect(await isListening(port)).toBe(false);
});
