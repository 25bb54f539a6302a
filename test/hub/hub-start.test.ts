import { expect, test, vi } from "vitest";
import { systemClock } from "../../src/async/clock.ts";
import { LOCAL_DEFAULTS } from "../../src/core/limits.ts";
import { createInstallation } from "../../src/hub/home/installation.ts";
import { type HubOptions, startHub } from "../../src/hub/hub.ts";
import { createMemoryStore } from "../../src/hub/store/memory-store.ts";
import { StoreError } from "../../src/hub/store/store-error.ts";
import { freePort, isListening } from "../support/local-hub.ts";

async function optionsOf(some: Partial<HubOptions>): Promise<HubOptions> {
  return {
    installation: await createInstallation(Date.now()),
    store: createMemoryStore(),
    host: "127.0.0.1",
    ports: [0],
    onTakenPort: "fail",
    devices: [],
    hostNames: [],
    deviceAuthorities: [],
    consumerGroups: [],
    settings: LOCAL_DEFAULTS,
    clock: systemClock,
    ...some,
  };
}

test("a hub whose store is not writable fails to start, and leaves nothing open", async () => {
  const full = new StoreError("StoreFull", "There is no space left.");
  const close = vi.fn(() => Promise.resolve());
  const { load } = createMemoryStore();
  const store = { load, write: () => Promise.reject(full), close };
  const port = await freePort();
  const options = await optionsOf({ store, ports: [port], devices: ["device1"] });
  await expect(startHub(options)).rejects.toBe(full);
  expect(close).toHaveBeenCalled();
  expect(await isListening(port)).toBe(false);
});

test("an idle time of zero does not stop a hub that is still starting", async () => {
  const hub = await startHub(await optionsOf({ idleExitMs: 0 }));
  await hub.stopped;
  expect(await isListening(hub.ports[0] ?? 0)).toBe(false);
});
