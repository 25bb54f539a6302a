import rhea from "rhea";
import { describe, expect, it } from "vitest";
import type { AmqpReceiver, Received } from "../../support/amqp-peer.ts";
import { RawAmqp } from "../../support/raw-amqp.ts";
import { storedTelemetry } from "../../support/stored-events.ts";
import { createTestHub, type TestHub } from "../../support/test-hub.ts";

const DEVICEBOUND = "/devices/device1/messages/devicebound";
const EVENTS = "/devices/device1/messages/events";
const FEEDBACK = "/messages/serviceBound/feedback";
const TWIN = "/devices/device1/twin";

const [UNSETTLED, SETTLED, MIXED] = [0, 1, 2] as const;
const [FIRST, SECOND] = [0, 1] as const;

/** The settle modes that clients attach with. */
const CLIENTS = {
  node: {},
  c: { snd_settle_mode: UNSETTLED, rcv_settle_mode: FIRST },
  dotNet: { rcv_settle_mode: SECOND },
  uamqp: { snd_settle_mode: UNSETTLED, rcv_settle_mode: SECOND },
} as const;

const OUTCOMES = ["accepted", "rejected", "released", "modified"] as const;

/** The event that each outcome causes. */
const SETTLED_EVENTS = {
  accepted: { type: "settled", outcome: "completed" },
  rejected: { type: "settled", outcome: "rejected" },
  released: { type: "settled", outcome: "abandoned" },
  modified: { type: "settled", outcome: "abandoned" },
} as const;

async function connect(hub: TestHub) {
  return (await hub.connectService("iothubowner")).peer;
}

/** A disposition with this outcome; rhea's types omit the outcomes. */
function dispose({ delivery }: Received, outcome: (typeof OUTCOMES)[number], isSettled: boolean) {
  const make = rhea.message as unknown as Record<string, () => { described(): never }>;
  delivery.update(isSettled, make[outcome]?.().described());
}

/** The outcome that the hub has settled the delivery with. */
function outcomeOf({ delivery }: Received): string {
  type Outcome = { readonly composite_type: string } | undefined;
  return (delivery.remote_state?.constructor as unknown as Outcome)?.composite_type ?? "";
}

// Rule amqp-settle.
describe("a device's link to receive on", () => {
  it.each([
    ["node", FIRST],
    ["c", FIRST],
    ["dotNet", SECOND],
    ["uamqp", SECOND],
  ] as const)("as %s attaches it keeps its settle mode", async (client, mode) => {
    const hub = await createTestHub();
    const peer = await RawAmqp.connect(hub);
    for (const [handle, address] of [DEVICEBOUND, FEEDBACK].entries()) {
      const { fields } = await peer.attachReceiver(handle + 2, address, CLIENTS[client]);
      // C# follows the hub's mode; with "first" it would lose messages on arrival.
      expect(fields.rcv_settle_mode ?? FIRST).toBe(mode);
      expect(fields.snd_settle_mode ?? MIXED).not.toBe(SETTLED);
    }
  });

  describe.each(["node", "c"] as const)("as %s attaches it", (client) => {
    it.each(OUTCOMES)("accepts a settled outcome: %s", async (outcome) => {
      const hub = await createTestHub();
      const receiver = await (await connect(hub)).openReceiver(DEVICEBOUND, CLIENTS[client]);
      await hub.send({ messageId: "m1" });
      dispose(await receiver.next(), outcome, true);
      expect(await hub.log.reached("settled")).toMatchObject(SETTLED_EVENTS[outcome]);
    });
  });

  describe.each(["dotNet", "uamqp"] as const)("as %s attaches it", (client) => {
    it.each(OUTCOMES)("accepts an unsettled outcome, and the hub settles: %s", async (outcome) => {
      const hub = await createTestHub();
      const peer = await connect(hub);
      const receiver = await peer.openReceiver(DEVICEBOUND, {
        ...CLIENTS[client],
        credit_window: 0,
      });
      receiver.link.add_credit(1);
      await hub.send({ messageId: "m1" });
      const received = await receiver.next();
      const settled = settledByHub(receiver, received);
      dispose(received, outcome, false);
      expect(await hub.log.reached("settled")).toMatchObject(SETTLED_EVENTS[outcome]);
      await settled;
    });
  });

  it("as dotNet attaches it keeps receiving, though the client never settles", async () => {
    const hub = await createTestHub();
    const peer = await connect(hub);
    const link = { ...CLIENTS.dotNet, autosettle: true, credit_window: 50 };
    const receiver = await peer.openReceiver(DEVICEBOUND, link);
    // rhea tracks 2048 deliveries in a session.
    for (let round = 1; round <= 42; round++) {
      for (let n = 0; n < 50; n++) await hub.send();
      for (let n = 0; n < 50; n++) dispose(await receiver.next(), "accepted", false);
      await hub.log.reached("settled", 50 * round);
    }
  });

  it("answers modified with released, the outcome that applies", async () => {
    const hub = await createTestHub();
    const receiver = await (await connect(hub)).openReceiver(DEVICEBOUND, CLIENTS.dotNet);
    await hub.send({ messageId: "m1" });
    const received = await receiver.next();
    const settled = settledByHub(receiver, received);
    dispose(received, "modified", false);
    await settled;
    expect(outcomeOf(received)).toBe("released");
  });
});

// Rule d2c-amqp.
describe("a link to send on", () => {
  const ADDRESSES = [EVENTS, "/messages/devicebound"];
  const MODES = [
    ["node", CLIENTS.node],
    ["c", CLIENTS.c],
    ["uamqp", CLIENTS.uamqp],
  ] as const;

  it.each(MODES)("as %s attaches it gets the outcome of each message", async (_, modes) => {
    const hub = await createTestHub();
    const peer = await connect(hub);
    for (const address of ADDRESSES) {
      const sender = await peer.openSender(address, modes);
      const good = { to: DEVICEBOUND, body: "x" };
      const bad = { ...good, application_properties: { n: 1 } };
      const outcomes = [sender.send(good), sender.send(bad), sender.send(good)];
      const types = (await Promise.all(outcomes)).map(({ type }) => type);
      expect(types).toEqual(["accepted", "rejected", "accepted"]);
    }
  });

  it("accepts more pre-settled messages than a session can track", async () => {
    const hub = await createTestHub({ settings: { queueDepth: 10_000 } });
    const peer = await connect(hub);
    const count = 6000;
    const { link } = await peer.openSender(EVENTS, { snd_settle_mode: SETTLED });
    let sent = 0;
    const send = (): void => {
      while (link.sendable() && sent < count) link.send({ body: String(sent++) });
    };
    link.on("sendable", send);
    send();
    await hub.log.reached("telemetry", count);
    const bodies = storedTelemetry(hub.deviceToCloud).map(({ body }) => String(body));
    expect(bodies).toEqual(Array.from({ length: count }, (_, n) => String(n)));
  });

  it("drops an invalid pre-settled message and accepts the next", async () => {
    const hub = await createTestHub();
    const { link } = await (await connect(hub)).openSender(EVENTS, { snd_settle_mode: SETTLED });
    link.send({ application_properties: { n: 1 }, body: "bad" });
    link.send({ body: "good" });
    await hub.log.reached("telemetry");
    expect(storedTelemetry(hub.deviceToCloud)).toMatchObject([{ body: Buffer.from("good") }]);
  });
});

describe("a link to receive on with sender settle mode settled", () => {
  const modes = { snd_settle_mode: SETTLED, rcv_settle_mode: FIRST };

  // Rule twin-minimal. Node and C# attach twin links like this.
  it("gets pre-settled replies", async () => {
    const hub = await createTestHub();
    const peer = await RawAmqp.connect(hub, "device");
    expect((await peer.attachReceiver(2, TWIN, modes)).fields).toMatchObject(modes);
    peer.grant(2, 5, { next_incoming_id: 1 });
    await peer.attachSender(3, TWIN, { snd_settle_mode: SETTLED });
    const request = { correlation_id: "a", message_annotations: { operation: "GET" }, body: " " };
    peer.transfer(3, 1, request, { settled: true });
    expect((await peer.until("transfer")).fields).toMatchObject({ settled: true });
  });

  it("still gets unsettled messages, so that none is lost", async () => {
    const hub = await createTestHub();
    const receiver = await (await connect(hub)).openReceiver(DEVICEBOUND, modes);
    await hub.send({ messageId: "m1" });
    const received = await receiver.next();
    expect(received.delivery.remote_settled).toBe(false);
    expect(hub.cloudToDevice.countOf("device1")).toBe(1);
    dispose(received, "accepted", true);
    await hub.log.reached("settled");
    expect(hub.cloudToDevice.countOf("device1")).toBe(0);
  });
});

/** Resolves once the hub has settled the delivery. */
function settledByHub(receiver: AmqpReceiver, { delivery }: Received): Promise<void> {
  return new Promise((resolve) => {
    receiver.link.on("settled", (event: { delivery?: unknown }) => {
      if (event.delivery === delivery) resolve();
    });
  });
}
