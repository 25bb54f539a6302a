import { describe, expect, it } from "vitest";
import { AZURE_DEFAULTS, type CloudToDeviceSettings } from "../../src/core/limits.ts";
import { loadHubState } from "../../src/hub/store/records.ts";
import { CrashStore, settled } from "./crash-store.ts";
import { DEVICE, HubParts } from "./hub-parts.ts";

const START_MS = Date.UTC(2026, 0, 1);

describe("feedback is delivered only after its cause is durable", () => {
  it("no reader gets feedback for a completion that is not stored", async () => {
    const { store, parts } = await completeUnstored();
    expect(parts.heldBatches).toEqual([]);
    await flushAll(store);
    expect(parts.heldBatches).toHaveLength(1);
  });

  it("feedback that a reader got is still true after a crash", async () => {
    const { store, parts } = await completeUnstored();
    const reported = parts.heldBatches.flatMap(({ records }) =>
      records.map((one) => one.originalMessageId),
    );
    const survivor = await loadHubState(store.crash(store.written).asStore());
    const waiting = survivor.queues.get(DEVICE)?.entries ?? [];
    expect(
      waiting.filter(({ payload }) => reported.includes(payload.system.messageId ?? "")),
    ).toEqual([]);
  });
});

/** A completed message whose feedback is due, while the completion is not on disk yet. */
async function completeUnstored() {
  const { store, parts } = await openHub();
  parts.attachReader();
  const sent = parts.send("message1", "full");
  await store.flush();
  await sent;
  parts.connect();
  await store.flush();
  void parts.settle(0, "complete");
  parts.clock.advance(AZURE_DEFAULTS.feedback.intervalMs);
  await settled();
  return { store, parts };
}

async function openHub(settings: CloudToDeviceSettings = AZURE_DEFAULTS) {
  const store = new CrashStore();
  const parts = await HubParts.open(store.asStore(), settings, START_MS);
  const created = parts.registry.ensure(DEVICE);
  await store.flush();
  await created;
  return { store, parts };
}

async function flushAll(store: CrashStore): Promise<void> {
  while (store.handedIn > store.written) await store.flush();
}
