import rhea from "rhea";
import { describe, expect, it } from "vitest";
import { AZURE_DEFAULTS } from "../../../src/core/limits.ts";
import { createTestHub, HOST, type TestHub } from "../../support/test-hub.ts";
import { RawAmqp, type RawFrame } from "./raw-amqp.ts";

const DEVICEBOUND = "/devices/device1/messages/devicebound";
const FEEDBACK = "/messages/serviceBound/feedback";
const LOST = "com.microsoft:message-lock-lost";
const LOCK_TIMEOUT_MS = 1000;
const QUEUE_DEPTH = 50;
/** Deliveries for which rhea keeps room in a session. */
const RING = 2048;
const WIDE_OPEN = { next_incoming_id: 1, incoming_window: 1_000_000 };

function createHub(): Promise<TestHub> {
  const feedback = { ...AZURE_DEFAULTS.feedback, intervalMs: 0, lockTimeoutMs: LOCK_TIMEOUT_MS };
  return createTestHub({ settings: { lockTimeoutMs: LOCK_TIMEOUT_MS, feedback } });
}

/** Signed in, with a link to receive on that has credit for all there may be. */
async function receiveFrom(hub: TestHub, address: string, flow: object = {}): Promise<RawAmqp> {
  const peer = new RawAmqp(hub.rawAmqp().clientEnd);
  await peer.open();
  await peer.putToken(HOST, hub.policyToken("iothubowner"));
  accept(peer, FIRST - 1, true);
  await peer.attachReceiver(2, address);
  peer.grant(2, 1_000_000, { ...WIDE_OPEN, ...flow });
  return peer;
}

/** The ids of the next transfers, and those that the hub settles itself meanwhile with a lost lock. */
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

/** The ids of a disposition by which the hub says that their locks are lost. */
function lostOf({ fields }: RawFrame): number[] {
  const { first, last, role, settled, state } = fields;
  expect({ role, settled }).toEqual({ role: false, settled: true });
  expect(JSON.stringify(state)).toContain(LOST);
  const [from, to] = [Number(first), Number(last ?? first)];
  return Array.from({ length: to - from + 1 }, (_, n) => from + n);
}

/** A disposition as a receiver sends it. */
function accept(peer: RawAmqp, deliveryId: number, isSettled: boolean): void {
  const make = rhea.message as unknown as { accepted(): { described(): unknown } };
  const ids = { first: deliveryId, last: deliveryId };
  const state = make.accepted().described();
  peer.send("disposition", { role: true, ...ids, settled: isSettled, state });
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, n) => from + n);
}

/** The next id after those of the answers on `$cbs`. */
const FIRST = 1;

// Rule amqp-lock-lost.
describe("a device that settles nothing", () => {
  it("goes on receiving for ever: the hub settles what has lost its lock", async () => {
    const hub = await createHub();
    const peer = await receiveFrom(hub, DEVICEBOUND);
    for (let n = 0; n < QUEUE_DEPTH; n++) await hub.send();
    const all = { delivered: [] as number[], lost: [] as number[] };
    while (all.delivered.length < RING + 2 * QUEUE_DEPTH) {
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

  it("and then does so too late changes nothing, whichever delivery has the place now", async () => {
    const hub = await createHub();
    const peer = await receiveFrom(hub, DEVICEBOUND);
    for (let n = 0; n < QUEUE_DEPTH; n++) await hub.send();
    let last = 0;
    while (last < RING + QUEUE_DEPTH) {
      last = (await takeTransfers(peer, QUEUE_DEPTH)).delivered.at(-1) ?? 0;
      if (last < RING + QUEUE_DEPTH) hub.clock.advance(LOCK_TIMEOUT_MS);
    }
    accept(peer, last - QUEUE_DEPTH, true);
    accept(peer, last - QUEUE_DEPTH - 1, false);
    for (const late of range(last - RING - QUEUE_DEPTH + 1, QUEUE_DEPTH)) accept(peer, late, true);
    accept(peer, last, true);
    await hub.log.reached("settled");
    expect(hub.log.of("settled")).toHaveLength(1);
    expect(hub.cloudToDevice.countOf("device1")).toBe(QUEUE_DEPTH - 1);
  });

  it("of some messages does not keep the hub from telling it of the others", async () => {
    const hub = await createHub();
    const peer = await receiveFrom(hub, DEVICEBOUND);
    await hub.send();
    await hub.send();
    const [one = 0, other = 0] = (await takeTransfers(peer, 2)).delivered;
    // Outcomes of neighbours, in one tick: rhea would make one of them.
    accept(peer, one, false);
    await hub.log.reached("settled");
    hub.clock.advance(LOCK_TIMEOUT_MS);
    const told = [await peer.until("disposition"), await peer.until("disposition")];
    const outcomes = told.map(({ fields: { first, last, settled, state } }) => {
      return [first, last, settled, JSON.stringify(state).includes(LOST)];
    });
    expect(outcomes.sort()).toEqual([
      [one, one, true, false],
      [other, other, true, true],
    ]);
  });

  it("nor lets messages come is told of each once it has come", async () => {
    const hub = await createHub();
    const peer = await receiveFrom(hub, DEVICEBOUND, { incoming_window: 1 });
    await hub.send();
    await hub.send();
    const [first] = (await takeTransfers(peer, 1)).delivered;
    hub.clock.advance(LOCK_TIMEOUT_MS);
    expect(await takeLost(peer, 1)).toEqual([first]);
    peer.grant(2, 1_000_000, WIDE_OPEN);
    // Both again, behind the one that was on its way.
    const { delivered, lost } = await takeTransfers(peer, 3);
    hub.clock.advance(LOCK_TIMEOUT_MS);
    const rest = await takeLost(peer, delivered.length - lost.length);
    expect([...lost, ...rest].sort((a, b) => a - b)).toEqual(delivered);
  });

  it("may settle what came after its lock had ended, and is told so", async () => {
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

  it("is told of a message that was purged meanwhile", async () => {
    const hub = await createHub();
    const peer = await receiveFrom(hub, DEVICEBOUND);
    await hub.send();
    const { delivered } = await takeTransfers(peer, 1);
    await hub.cloudToDevice.purge("device1");
    expect(await takeLost(peer, 1)).toEqual(delivered);
  });
});

// Rule amqp-lock-lost.
it("feedback that nobody settles does not stop its link either", async () => {
  const hub = await createHub();
  const peer = await receiveFrom(hub, FEEDBACK);
  const batches = 20;
  for (let n = 0; n < batches; n++) {
    await hub.send({ ack: "full", messageId: `m${n}` });
    await hub.cloudToDevice.purge("device1");
    hub.clock.advance(1);
  }
  const all = { delivered: 0, lost: 0 };
  while (all.delivered < RING + 2 * batches) {
    const { delivered, lost } = await takeTransfers(peer, batches);
    all.delivered += delivered.length;
    all.lost += lost.length;
    hub.clock.advance(LOCK_TIMEOUT_MS);
  }
  await takeLost(peer, all.delivered - all.lost);
});
