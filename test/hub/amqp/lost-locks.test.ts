import rhea from "rhea";
import { describe, expect, it } from "vitest";
import { AZURE_DEFAULTS } from "../../../src/core/limits.ts";
import { RawAmqp, type RawFrame } from "../../support/raw-amqp.ts";
import { createTestHub, type TestHub } from "../../support/test-hub.ts";

const DEVICEBOUND = "/devices/device1/messages/devicebound";
const FEEDBACK = "/messages/serviceBound/feedback";
/** The first delivery id after the reply on `$cbs`. */
const FIRST = 1;
const LOST = "com.microsoft:message-lock-lost";
const LOCK_TIMEOUT_MS = 1000;
const QUEUE_DEPTH = 50;
/** The deliveries that rhea tracks in a session. */
const SESSION_DELIVERIES = 2048;
const WIDE_OPEN = { next_incoming_id: 1, incoming_window: 1_000_000 };

function createHub(): Promise<TestHub> {
  const feedback = { ...AZURE_DEFAULTS.feedback, intervalMs: 0, lockTimeoutMs: LOCK_TIMEOUT_MS };
  return createTestHub({ settings: { lockTimeoutMs: LOCK_TIMEOUT_MS, feedback } });
}

/** Signs in and attaches a link to receive on, with plenty of credit. */
async function receiveFrom(hub: TestHub, address: string, flow: object = {}): Promise<RawAmqp> {
  const peer = await RawAmqp.connect(hub);
  accept(peer, FIRST - 1, true);
  await peer.attachReceiver(2, address);
  peer.grant(2, 1_000_000, { ...WIDE_OPEN, ...flow });
  return peer;
}

/** The ids of the next transfers, and of the deliveries that the hub meanwhile settles as lock lost. */
async function takeTransfers(peer: RawAmqp, count: number) {
  const delivered: number[] = [];
  const lost: number[] = [];
  while (delivered.length < count) {
    const frame = await peer.next();
    if (frame.type === "transfer") delivered.push(frame.fields.delivery_id as number);
    if (frame.type === "disposition") lost.push(...lostOf(frame));
  }
  return { delivered, lost };
}

async function takeLost(peer: RawAmqp, count: number): Promise<number[]> {
  const lost: number[] = [];
  while (lost.length < count) lost.push(...lostOf(await peer.until("disposition")));
  return lost;
}

/** The ids in a disposition that reports lost locks. */
function lostOf({ fields }: RawFrame): number[] {
  const { first, last, role, settled, state } = fields;
  expect({ role, settled }).toEqual({ role: false, settled: true });
  expect(JSON.stringify(state)).toContain(LOST);
  const [from, to] = [Number(first), Number(last ?? first)];
  return Array.from({ length: to - from + 1 }, (_, n) => from + n);
}

/** Sends a receiver's disposition. */
function accept(peer: RawAmqp, deliveryId: number, isSettled: boolean): void {
  const make = rhea.message as unknown as { accepted(): { described(): unknown } };
  const ids = { first: deliveryId, last: deliveryId };
  const state = make.accepted().described();
  peer.send("disposition", { role: true, ...ids, settled: isSettled, state });
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, n) => from + n);
}

// Rule amqp-lock-lost.
describe("unsettled messages", () => {
  it("do not stop their link: the hub settles them when their lock expires", async () => {
    const hub = await createHub();
    const peer = await receiveFrom(hub, DEVICEBOUND);
    for (let n = 0; n < QUEUE_DEPTH; n++) await hub.send();
    const all = { delivered: [] as number[], lost: [] as number[] };
    while (all.delivered.length < SESSION_DELIVERIES + 2 * QUEUE_DEPTH) {
      const { delivered, lost } = await takeTransfers(peer, QUEUE_DEPTH);
      all.delivered.push(...delivered);
      all.lost.push(...lost);
      hub.clock.advance(LOCK_TIMEOUT_MS);
    }
    const count = all.delivered.length;
    expect(count).toBeGreaterThan(2100);
    all.lost.push(...(await takeLost(peer, count - all.lost.length)));
    expect(all.delivered).toEqual(range(FIRST, count));
    expect(all.lost.sort((a, b) => a - b)).toEqual(range(FIRST, count));
  });

  it("stay queued when they are settled late, even if rhea has reused their slots", async () => {
    const hub = await createHub();
    const peer = await receiveFrom(hub, DEVICEBOUND);
    for (let n = 0; n < QUEUE_DEPTH; n++) await hub.send();
    let last = 0;
    while (last < SESSION_DELIVERIES + QUEUE_DEPTH) {
      last = (await takeTransfers(peer, QUEUE_DEPTH)).delivered.at(-1) ?? 0;
      if (last < SESSION_DELIVERIES + QUEUE_DEPTH) hub.clock.advance(LOCK_TIMEOUT_MS);
    }
    accept(peer, last - QUEUE_DEPTH, true);
    accept(peer, last - QUEUE_DEPTH - 1, false);
    for (const late of range(last - SESSION_DELIVERIES - QUEUE_DEPTH + 1, QUEUE_DEPTH))
      accept(peer, late, true);
    accept(peer, last, true);
    await hub.log.reached("settled");
    expect(hub.log.of("settled")).toHaveLength(1);
    expect(hub.cloudToDevice.countOf("device1")).toBe(QUEUE_DEPTH - 1);
  });

  it("do not change the reported outcome of settled ones", async () => {
    const hub = await createHub();
    const peer = await receiveFrom(hub, DEVICEBOUND);
    await hub.send();
    await hub.send();
    const [one = 0, other = 0] = (await takeTransfers(peer, 2)).delivered;
    // rhea would merge the outcomes of adjacent deliveries in one tick.
    accept(peer, one, false);
    await hub.log.reached("settled");
    hub.clock.advance(LOCK_TIMEOUT_MS);
    const dispositions = [await peer.until("disposition"), await peer.until("disposition")];
    const outcomes = dispositions.map(({ fields: { first, last, settled, state } }) => {
      return [first, last, settled, JSON.stringify(state).includes(LOST)];
    });
    expect(outcomes.sort()).toEqual([
      [one, one, true, false],
      [other, other, true, true],
    ]);
  });

  it("that wait for the session window are reported as lost after their transfer", async () => {
    const hub = await createHub();
    const peer = await receiveFrom(hub, DEVICEBOUND, { incoming_window: 1 });
    await hub.send();
    await hub.send();
    const [first] = (await takeTransfers(peer, 1)).delivered;
    hub.clock.advance(LOCK_TIMEOUT_MS);
    expect(await takeLost(peer, 1)).toEqual([first]);
    peer.grant(2, 1_000_000, WIDE_OPEN);
    // Both are redelivered, after the one that was held back.
    const { delivered, lost } = await takeTransfers(peer, 3);
    hub.clock.advance(LOCK_TIMEOUT_MS);
    const rest = await takeLost(peer, delivered.length - lost.length);
    expect([...lost, ...rest].sort((a, b) => a - b)).toEqual(delivered);
  });

  it("whose lock expired before their transfer may be settled, and are reported as lost", async () => {
    const hub = await createHub();
    const peer = await receiveFrom(hub, DEVICEBOUND, { incoming_window: 0 });
    await hub.send();
    await hub.log.reached("delivered");
    hub.clock.advance(LOCK_TIMEOUT_MS);
    peer.grant(2, 1, WIDE_OPEN);
    const { delivered } = await takeTransfers(peer, 1);
    accept(peer, delivered[0] ?? 0, false);
    expect(await takeLost(peer, 1)).toEqual(delivered);
    expect(hub.cloudToDevice.countOf("device1")).toBe(1);
  });

  it("are reported as lost when they are purged", async () => {
    const hub = await createHub();
    const peer = await receiveFrom(hub, DEVICEBOUND);
    await hub.send();
    const { delivered } = await takeTransfers(peer, 1);
    await hub.cloudToDevice.purge("device1");
    expect(await takeLost(peer, 1)).toEqual(delivered);
  });
});

// Rule amqp-lock-lost.
it("unsettled feedback does not stop its link", async () => {
  const hub = await createHub();
  const peer = await receiveFrom(hub, FEEDBACK);
  const batches = 20;
  for (let n = 0; n < batches; n++) {
    await hub.send({ ack: "full", messageId: `m${n}` });
    await hub.cloudToDevice.purge("device1");
    hub.clock.advance(1);
  }
  const all = { delivered: 0, lost: 0 };
  while (all.delivered < SESSION_DELIVERIES + 2 * batches) {
    const { delivered, lost } = await takeTransfers(peer, batches);
    all.delivered += delivered.length;
    all.lost += lost.length;
    hub.clock.advance(LOCK_TIMEOUT_MS);
  }
  await takeLost(peer, all.delivered - all.lost);
});
