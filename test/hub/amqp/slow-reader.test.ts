import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { AmqpPeer } from "../../support/amqp-peer.ts";
import {
  openPartition,
  partitionAddress,
  sendTelemetry,
  takeBodies,
} from "../../support/event-hub.ts";
import { RawAmqp } from "../../support/raw-amqp.ts";
import { createTestHub, HOST, type TestHub } from "../../support/test-hub.ts";
import { stable } from "../support/stable.ts";

const DEVICEBOUND = "/devices/device1/messages/devicebound";
const MANAGEMENT = "messages/$management";
const CREDIT = 2000;

/** The limit, and what the message that exceeds it adds to it, frames included. */
const MAX_HELD_BYTES = 1024 * 1024;
const MAX_EVENT_BYTES = 270_000;
const MAX_MESSAGE_BYTES = 65_536;

/** Signs in with a policy that allows every link, and returns both ends of the stream. */
async function connect(hub: TestHub) {
  const { clientEnd, hubEnd } = hub.rawAmqp();
  const peer = await new AmqpPeer(clientEnd).opened();
  await (await peer.openCbs()).putToken(HOST, hub.policyToken("iothubowner"));
  return { peer, clientEnd, hubEnd };
}

function bodiesOf(count: number, bytes: number): string[] {
  return Array.from({ length: count }, (_, n) => String(n).padEnd(bytes, "."));
}

// Rule event-message.
describe("a reader of events that grants credit but does not read", () => {
  it.each([
    ["large", 30, 250_000],
    ["small", 10_000, 100],
  ])("has few %s events buffered for it, and gets them all once it reads", async (_, n, bytes) => {
    const hub = await createTestHub({ logLimits: { maxBytes: 64 * MAX_HELD_BYTES } });
    const bodies = bodiesOf(n, bytes);
    const partitionId = await sendTelemetry(hub, bodies);
    const { peer, clientEnd, hubEnd } = await connect(hub);
    const link = { credit_window: 0 };
    const reader = await openPartition(peer, { partitionId, link });
    reader.link.set_credit_window(CREDIT);
    reader.link.add_credit(CREDIT);
    peer.stall();
    const held = await stable(() => hubEnd.writableLength);
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThan(MAX_HELD_BYTES + MAX_EVENT_BYTES);
    clientEnd.resume();
    expect(await takeBodies(reader, bodies.length)).toEqual(bodies);
  });

  it("has no more buffered for it over many links than over one", async () => {
    const hub = await createTestHub();
    const partitionId = await sendTelemetry(hub, bodiesOf(10, 250_000));
    const { peer, hubEnd } = await connect(hub);
    const readers = [];
    while (readers.length < 20) {
      readers.push(await openPartition(peer, { partitionId, link: { credit_window: 0 } }));
    }
    for (const { link } of readers) link.add_credit(CREDIT);
    peer.stall();
    expect(await stable(() => hubEnd.writableLength)).toBeLessThan(
      MAX_HELD_BYTES + MAX_EVENT_BYTES,
    );
  });

  it("and drains its link gets all events before the drain ends", async () => {
    const hub = await createTestHub();
    const bodies = bodiesOf(20, 250_000);
    const partitionId = await sendTelemetry(hub, bodies);
    const { peer, clientEnd, hubEnd } = await connect(hub);
    const reader = await openPartition(peer, { partitionId, link: { credit_window: 0 } });
    let arrived = 0;
    reader.link.on("message", () => arrived++);
    const drained = new Promise((resolve) => {
      reader.link.once("receiver_drained", () => resolve(arrived));
    });
    reader.link.add_credit(CREDIT);
    reader.link.drain_credit();
    peer.stall();
    await stable(() => hubEnd.writableLength);
    clientEnd.resume();
    expect(await drained).toBe(bodies.length);
    expect(await takeBodies(reader, bodies.length)).toEqual(bodies);
  });
});

it("delivered events are not kept for a reader that does not settle them", async () => {
  const hub = await createTestHub();
  const peer = await RawAmqp.connect(hub, "service", { max_frame_size: 1_000_000 });
  await peer.attachReceiver(2, partitionAddress("2"));
  peer.grant(2, CREDIT, { next_incoming_id: 1 });
  const before = await bytesInBuffers();
  const count = 300;
  for (const body of bodiesOf(count, 250_000)) {
    await sendTelemetry(hub, [body]);
    await peer.until("transfer");
  }
  // The log keeps 8 MB of them.
  expect((await bytesInBuffers()) - before).toBeLessThan(30 * MAX_HELD_BYTES);
});

// Rules amqp-message, c2d-order.
describe("a device that grants credit but does not read", () => {
  it("has few messages in flight, and gets the others once it reads", async () => {
    const hub = await createTestHub();
    const { peer, clientEnd, hubEnd } = await connect(hub);
    const receiver = await peer.openReceiver(DEVICEBOUND, { credit_window: 0 });
    receiver.link.add_credit(CREDIT);
    peer.stall();
    for (const body of bodiesOf(50, 60_000)) await hub.send({ body });
    expect(await stable(() => hubEnd.writableLength)).toBeLessThan(
      MAX_HELD_BYTES + MAX_MESSAGE_BYTES,
    );
    expect(hub.log.of("delivered").length).toBeLessThan(20);
    clientEnd.resume();
    for (let n = 1; n <= 50; n++) {
      const { message } = await receiver.next();
      expect(message.message_annotations?.["x-opt-sequence-number"]).toBe(n);
    }
  });

  it("has few messages in flight until it opens its session window", async () => {
    const hub = await createTestHub();
    const { clientEnd, hubEnd } = hub.rawAmqp();
    const peer = new RawAmqp(clientEnd);
    await peer.open();
    await peer.putToken(HOST, hub.policyToken("device"));
    await peer.attachReceiver(2, DEVICEBOUND);
    peer.grant(2, CREDIT, { next_incoming_id: 1, incoming_window: 3 });
    for (const body of bodiesOf(50, 60_000)) await hub.send({ body });
    await stable(() => hub.log.of("delivered").length);
    expect(hubEnd.writableLength).toBe(0);
    expect(hub.log.of("delivered").length).toBeLessThan(25);
    // Only the session's window; the link's credit is unchanged.
    peer.send("flow", {
      next_incoming_id: 4,
      incoming_window: 2048,
      next_outgoing_id: 0,
      outgoing_window: 2048,
    });
    await hub.log.reached("delivered", 50);
    for (let n = 0; n < 50; n++) await peer.until("transfer");
  });
});

// Rule event-management.
it("the hub stops reading from a client that does not read its replies", async () => {
  const hub = await createTestHub();
  const { peer, hubEnd } = await connect(hub);
  const replies = await peer.openReceiver(MANAGEMENT, { credit_window: 0 });
  replies.link.add_credit(CREDIT);
  const { link } = await peer.openSender(MANAGEMENT);
  peer.stall();
  const messageId = "x".repeat(60_000);
  for (let n = 0; n < 100; n++) link.send({ message_id: messageId, body: undefined });
  const held = await stable(() => hubEnd.writableLength);
  expect(held).toBeGreaterThan(MAX_HELD_BYTES / 2);
  expect(held).toBeLessThan(MAX_HELD_BYTES + MAX_MESSAGE_BYTES);
});

/** Memory in use once repeated garbage collections free no more. */
function bytesInBuffers(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const read = (): number => {
    collect();
    return process.memoryUsage().arrayBuffers;
  };
  return stable(read, 20);
}
