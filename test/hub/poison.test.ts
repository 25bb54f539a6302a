import { describe, expect, it } from "vitest";
import { connectTestDevice, createTestHub, devicebound, message } from "../support/test-hub.ts";
import { uncaughtDuring } from "../support/uncaught.ts";

/** Messages that are hard to encode for a device. */
const AWKWARD = {
  "with properties too long for an MQTT topic": message({
    properties: { json: '{"a":"b"}'.repeat(3500) },
  }),
  "that expires beyond the range of Date": message({ expiryTimeUtcMs: 9e15 }),
  "that expires at NaN": message({ expiryTimeUtcMs: Number.NaN }),
};

describe.each(Object.entries(AWKWARD))("a message %s", (_what, awkward) => {
  it("neither crashes the hub nor blocks an MQTT device's next message", async () => {
    const { hub, peer } = await connectTestDevice();
    await peer.subscribe(devicebound());
    const uncaught = await uncaughtDuring(async () => {
      // The hub may refuse it, but nothing else may fail.
      await hub.cloudToDevice.send("device1", awkward).catch(() => {});
      hub.clock.advance(60_000);
    });
    expect(uncaught).toEqual([]);
    await hub.send({ messageId: "next" });
    await expect(receives("next", peer)).resolves.toBe(true);
  });

  it("in the queue blocks neither an MQTT device's connection nor its other messages", async () => {
    const hub = await createTestHub();
    await hub.cloudToDevice.send("device1", awkward).catch(() => {});
    await hub.send({ messageId: "next" });
    const { peer } = await hub.connectDevice();
    const uncaught = await uncaughtDuring(async () => {
      await peer.subscribe(devicebound());
      await expect(receives("next", peer)).resolves.toBe(true);
    });
    expect(uncaught).toEqual([]);
  });

  it("does not make the hub's timer spin", async () => {
    const hub = await createTestHub();
    await hub.cloudToDevice.send("device1", awkward).catch(() => {});
    let fired = 0;
    const setTimer = hub.clock.setTimer.bind(hub.clock);
    hub.clock.setTimer = (delayMs, run) => {
      fired++;
      expect(delayMs).not.toBeNaN();
      return setTimer(delayMs, run);
    };
    hub.clock.advance(1000);
    expect(fired).toBeLessThan(5);
  });
});

type Peer = Awaited<ReturnType<Awaited<ReturnType<typeof createTestHub>>["connectDevice"]>>["peer"];

/** Acknowledges messages until this one arrives. */
async function receives(messageId: string, peer: Peer): Promise<boolean> {
  for (;;) {
    const publish = await peer.nextPublish();
    peer.acknowledge(publish);
    if (publish.topic.includes(`%24.mid=${messageId}`)) return true;
  }
}

describe("an event listener that throws", () => {
  it("does not affect the delivery of a message", async () => {
    const { hub, peer } = await connectTestDevice();
    await peer.subscribe(devicebound());
    const uncaught = await uncaughtDuring(async () => {
      hub.events.subscribe(() => {
        throw new Error("listener");
      });
      await hub.send({ messageId: "m1" });
      peer.acknowledge(await peer.nextPublish());
      await peer.ping();
    });
    expect(uncaught).toEqual([]);
    expect(hub.cloudToDevice.countOf("device1")).toBe(0);
  });
});
