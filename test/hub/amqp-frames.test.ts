import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createTestHub, HOST, type TestHub } from "../support/test-hub.ts";
import { RawAmqp } from "./support/raw-amqp.ts";

const DEVICEBOUND = "/devices/device1/messages/devicebound";
const EVENTS = "/devices/device1/messages/events";
const FEEDBACK = "/messages/serviceBound/feedback";
const PARTITION = "messages/ConsumerGroups/$Default/Partitions/0";
/** Size, data offset, type, channel, and nothing else. */
const EMPTY_FRAME = "0000000802000000";

function connect(hub: TestHub): RawAmqp {
  return new RawAmqp(hub.rawAmqp().clientEnd);
}

/** With a token for everything. */
async function signedIn(hub: TestHub): Promise<RawAmqp> {
  const peer = connect(hub);
  await peer.open();
  await peer.putToken(HOST, hub.policyToken("iothubowner"));
  return peer;
}

// Rule amqp-sign-in.
describe("the hub's frames", () => {
  it("OPEN is the cloud's", async () => {
    const { open } = await connect(await createTestHub()).open();
    expect(open.fields).toMatchObject({
      container_id: expect.stringMatching(/^DeviceGateway_[0-9a-f]{32}$/),
      max_frame_size: 65_536,
      channel_max: 8191,
      idle_time_out: 240_000,
    });
  });

  it("OPEN names another container for each connection", async () => {
    const hub = await createTestHub();
    const names = [await connect(hub).open(), await connect(hub).open()];
    const [first, second] = names.map(({ open }) => open.fields.container_id);
    expect(first).not.toBe(second);
  });

  it("BEGIN has the cloud's window and handles, and says whom it answers", async () => {
    const { begin } = await connect(await createTestHub()).open();
    expect(begin.fields).toMatchObject({
      remote_channel: 0,
      incoming_window: 5000,
      handle_max: 262_143,
    });
    expect(begin.fields.outgoing_window).toBeGreaterThanOrEqual(5000);
  });

  // Rule amqp-cbs.
  it("the attach of $cbs takes 1 MB, and a FLOW of 100 credits follows it", async () => {
    const peer = connect(await createTestHub());
    await peer.open();
    const { fields } = await peer.attachSender(0, "$cbs");
    expect(fields.max_message_size).toBe(1_048_576);
    const flow = await peer.next();
    expect(flow).toMatchObject({
      type: "flow",
      fields: { handle: fields.handle, link_credit: 100 },
    });
  });

  // Rule d2c-amqp. The C client takes a link that says nothing, or too little, for broken.
  it.each([
    [EVENTS, 262_144],
    ["/messages/devicebound", 1_048_576],
    ["/devices/device1/twin", 1_048_576],
    ["/devices/device1/methods/devicebound", 1_048_576],
    ["messages/$management", 1_048_576],
  ])("the attach of a link to send to %s takes %d bytes", async (address, bytes) => {
    const peer = await signedIn(await createTestHub());
    const { fields } = await peer.attachSender(2, address);
    expect(fields).toMatchObject({ role: true, max_message_size: bytes });
  });

  it.each([
    "$cbs",
    DEVICEBOUND,
    FEEDBACK,
    "/messages/serviceBound/filenotifications",
    "/devices/device1/twin",
    "/devices/device1/methods/devicebound",
    "messages/$management",
    PARTITION,
    "/messages/events",
    "/nothing",
  ])(
    "the attach of a link to receive from %s has the initial delivery count 0",
    async (address) => {
      const peer = await signedIn(await createTestHub());
      const { fields } = await peer.attachReceiver(2, address);
      expect(fields).toMatchObject({ role: false, initial_delivery_count: 0 });
    },
  );
});

describe("a peer that gives up on silence", () => {
  function useFakeTime(): void {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
  }

  it.each([60_000, 240_000])("after %d ms hears of the hub by half of that", async (idleMs) => {
    useFakeTime();
    const peer = connect(await createTestHub());
    await peer.open({ idle_time_out: idleMs });
    const { fields } = await peer.attachSender(0, "$cbs");
    expect(fields.handle).toBe(0);
    await peer.until("flow");
    for (let round = 0; round < 3; round++) {
      let isHeard = false;
      const frame = peer.next().finally(() => {
        isHeard = true;
      });
      vi.advanceTimersByTime(idleMs / 2 - 1);
      await new Promise((resolve) => setImmediate(resolve));
      expect(isHeard).toBe(false);
      vi.advanceTimersByTime(1);
      expect((await frame).bytes.toString("hex")).toBe(EMPTY_FRAME);
    }
  });

  it("is sent nothing when it has not said that it would", async () => {
    useFakeTime();
    const peer = connect(await createTestHub());
    await peer.open();
    vi.advanceTimersByTime(400_000);
    await peer.attachSender(0, "$cbs");
    expect((await peer.next()).type).toBe("flow");
  });
});
