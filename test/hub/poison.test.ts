import { describe, expect, it } from "vitest";
import { createTestHub, devicebound, message } from "../support/test-hub.ts";
import { uncaughtDuring } from "../support/uncaught.ts";

/** Messages that a sender can make and that are awkward to write on the wire to a device. */
const AWKWARD = {
  "whose encoded properties are longer than an MQTT topic may be": message({
    properties: { json: '{"a":"b"}'.repeat(3500) },
  }),
  "whose expiry is a time no date can be": message({ expiryTimeUtcMs: 9e15 }),
  "whose expiry is not a number": message({ expiryTimeUtcMs: Number.NaN }),
};

describe.each(Object.entries(AWKWARD))("a message %s", (_what, awkward) => {
  it("neither ends the hub nor keeps the next message from an MQTT device", async () => {
    const hub = await createTestHub();
    const { peer } = await hub.connectDevice();
    await peer.subscribe(devicebound());
    const uncaught = await uncaughtDuring(async () => {
      // Refusing it is fine; what matters is what it does to everybody else.
      await hub.cloudToDevice.send("device1", awkward).catch(() => {});
      hub.clock.advance(60_000);
    });
    expect(uncaught).toEqual([]);
    await hub.send({ messageId: "next" });
    await expect(nextIs("next", peer)).resolves.toBe(true);
  });

  it("that waits does not keep an MQTT device from connecting and its other messages", async () => {
    const hub = await createTestHub();
    await hub.cloudToDevice.send("device1", awkward).catch(() => {});
    await hub.send({ messageId: "next" });
    const { peer } = await hub.connectDevice();
    const uncaught = await uncaughtDuring(async () => {
      await peer.subscribe(devicebound());
      await expect(nextIs("next", peer)).resolves.toBe(true);
    });
    expect(uncaught).toEqual([]);
  });

  it("does not keep the hub's timer spinning", async () => {
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

/** Acknowledges what comes until this message has come. */
async function nextIs(messageId: string, peer: Peer): Promise<boolean> {
  for (;;) {
    const publish = await peer.nextPublish();
    peer.acknowledge(publish);
    if (publish.topic.includes(`%24.mid=${messageId}`)) return true;
  }
}

describe("a listener to the hub's events that throws", () => {
  it("does not change what becomes of a message", async () => {
    const hub = await createTestHub();
    const { peer } = await hub.connectDevice();
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
