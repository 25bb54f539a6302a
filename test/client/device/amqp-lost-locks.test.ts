/** AMQP receivers that let more locks expire than a rhea session can hold deliveries (2,048). */

import { readFileSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { ManualClock } from "../../../src/async/clock.ts";
import { connectService } from "../../../src/client/service/connect-service.ts";
import { parseHubConnectionString } from "../../../src/core/connection-string.ts";
import type { LocalHub } from "../../../src/hub/local-hub.ts";
import { startHubForTest } from "../../support/local-hub.ts";
import { connectListening, type ListeningDevice } from "../support/listening-device.ts";

const LOCK_TIMEOUT_MS = 1000;
const QUEUE_DEPTH = 50;
const ROUNDS = 43;

interface Setup {
  readonly clock: ManualClock;
  readonly hub: LocalHub;
  readonly ca: string;
}

async function start(): Promise<Setup> {
  const clock = new ManualClock();
  const lockTimeoutMs = LOCK_TIMEOUT_MS;
  const hub = await startHubForTest({ devices: ["device1"], clock, lockTimeoutMs });
  return { clock, hub, ca: readFileSync(hub.caFile, "utf8") };
}

async function connectAmqp(target: { connectionString: string; ca: string }) {
  const device = await connectListening(target, { transport: "amqp" });
  onTestFinished(() => device.connection.close());
  return device;
}

/** A device with a full queue. */
async function listenTo(setup: Setup, count = QUEUE_DEPTH): Promise<ListeningDevice> {
  const { hub, ca } = setup;
  const service = await connectService({
    signIn: parseHubConnectionString(hub.connectionString),
    transport: "amqp",
    ca,
    connectTimeoutMs: 10_000,
    onDisconnect: (error) => expect.unreachable(error.message),
  });
  onTestFinished(() => service.close());
  for (let n = 0; n < count; n++) {
    const system = { messageId: `m${n}` };
    await service.send("device1", { system, properties: {}, body: Buffer.alloc(0) });
  }
  return connectAmqp({ connectionString: hub.deviceConnectionString("device1"), ca });
}

describe("a device keeps receiving", () => {
  it("after the locks of its unsettled messages expire", async () => {
    const setup = await start();
    const device = await listenTo(setup);
    for (let n = 0; n < ROUNDS * QUEUE_DEPTH; n++) {
      await (await device.delivery(n)).settle("none");
      if ((n + 1) % QUEUE_DEPTH === 0) setup.clock.advance(LOCK_TIMEOUT_MS);
    }
    expect(device.disconnects).toEqual([]);
  });
});

describe("a message whose lock expired", () => {
  it("cannot be settled, and is redelivered", async () => {
    const setup = await start();
    const device = await listenTo(setup, 1);
    const late = await device.delivery(0);
    setup.clock.advance(LOCK_TIMEOUT_MS);
    const again = await device.delivery(1);
    expect(again.message.system.messageId).toBe("m0");
    await expect(late.settle("complete")).rejects.toMatchObject({ name: "DeviceMessageLockLost" });
    const settled = new Promise<string>((resolve) => {
      setup.hub.subscribe((event) => event.type === "settled" && resolve(event.outcome));
    });
    await again.settle("complete");
    expect(await settled).toBe("completed");
  });
});
