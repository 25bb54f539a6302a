import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { type LocalHub, startLocalHub } from "../../src/hub/local-hub.ts";
import type { LocalHubOptions } from "../../src/hub/local-hub-options.ts";

/** A hub on a free port, stopped when the test ends. */
export async function startHubForTest(options: LocalHubOptions = {}): Promise<LocalHub> {
  const hub = await startLocalHub(options);
  onTestFinished(() => hub.stop());
  return hub;
}

/** A directory that is deleted when the test ends; also for `beforeEach`. */
export function temporaryDirectory(): string {
  // A store has its lock next to its directory.
  const parent = mkdtempSync(join(tmpdir(), "c2d-test-"));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  const directory = join(parent, "directory");
  mkdirSync(directory);
  return directory;
}

/** A directory for all tests of a file or `describe` block. */
export function sharedDirectory(): string {
  const directory = join(tmpdir(), `c2d-test-${randomUUID()}`);
  beforeAll(() => void mkdirSync(directory));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
