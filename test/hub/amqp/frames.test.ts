import type { Connection } from "rhea";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { IncompatiblePackage } from "../../../src/dependencies/incompatible-package.ts";
import { writeTrailingNulls } from "../../../src/hub/amqp/rhea/trailing-nulls.ts";
import { RawAmqp, type RawFrame } from "../../support/raw-amqp.ts";
import { createTestHub, type TestHub } from "../../support/test-hub.ts";

const DEVICEBOUND = "/devices/device1/messages/devicebound";
const EVENTS = "/devices/device1/messages/events";
const FEEDBACK = "/messages/serviceBound/feedback";
const PARTITION = "messages/ConsumerGroups/$Default/Partitions/0";
/** Only size, data offset, type and channel. */
const EMPTY_FRAME = "0000000802000000";

function connect(hub: TestHub): RawAmqp {
  return new RawAmqp(hub.rawAmqp().clientEnd);
}

function useFakeTime(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
}

// Rule amqp-sign-in.
describe("the hub's frames", () => {
  it("OPEN has the cloud's limits", async () => {
    const { open } = await connect(await createTestHub()).open();
    expect(open.fields).toMatchObject({
      container_id: expect.stringMatching(/^DeviceGateway_[0-9a-f]{32}$/),
      max_frame_size: 65_536,
      channel_max: 8191,
      idle_time_out: 240_000,
    });
  });

  it("OPEN has a different container id on each connection", async () => {
    const hub = await createTestHub();
    const opened = [await connect(hub).open(), await connect(hub).open()];
    const [first, second] = opened.map(({ open }) => open.fields.container_id);
    expect(first).not.toBe(second);
  });

  it("BEGIN has the cloud's window and handle limit, and the client's channel", async () => {
    const { begin } = await connect(await createTestHub()).open();
    expect(begin.fields).toMatchObject({
      remote_channel: 0,
      incoming_window: 5000,
      handle_max: 262_143,
    });
    expect(begin.fields.outgoing_window).toBeGreaterThanOrEqual(5000);
  });

  // Rule amqp-cbs.
  it("ATTACH of $cbs announces a maximum of 1 MB, and a FLOW with 100 credits follows", async () => {
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

  // Rule d2c-amqp. The C client fails on a link without a maximum size, or with too small a one.
  it.each([
    [EVENTS, 262_144],
    ["/messages/devicebound", 1_048_576],
    ["/devices/device1/twin", 1_048_576],
    ["/devices/device1/methods/devicebound", 1_048_576],
    ["messages/$management", 1_048_576],
  ])("ATTACH of a link to send to %s announces a maximum of %d bytes", async (address, bytes) => {
    const peer = await RawAmqp.connect(await createTestHub());
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
  ])("ATTACH of a link to receive from %s has an initial delivery count of 0", async (address) => {
    const peer = await RawAmqp.connect(await createTestHub());
    const { fields } = await peer.attachReceiver(2, address);
    expect(fields).toMatchObject({ role: false, initial_delivery_count: 0 });
  });
});

// Rule amqp-fields. Clients that read fields by position, such as azure-eventhub for Python, rely on it.
describe("the hub's frames have all their fields, including trailing nulls:", () => {
  it("OPEN and BEGIN", async () => {
    const { open, begin } = await connect(await createTestHub()).open();
    expect(open.list).toHaveLength(10);
    expect(begin.list).toHaveLength(8);
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
  ])(
    "ATTACH of a link to receive from %s, with source, target and maximum size",
    async (address) => {
      const peer = await RawAmqp.connect(await createTestHub());
      expectFullAttach(await peer.attachReceiver(2, address));
    },
  );

  it.each(["$cbs", EVENTS, "/messages/devicebound", "/devices/device1/twin"])(
    "ATTACH of a link to send to %s, with source, target and maximum size",
    async (address) => {
      const peer = await RawAmqp.connect(await createTestHub());
      expectFullAttach(await peer.attachSender(2, address));
    },
  );

  it.each(["attachReceiver", "attachSender"] as const)(
    "ATTACH and DETACH of a refused link (%s), with the error",
    async (attach) => {
      const peer = await RawAmqp.connect(await createTestHub());
      for (const [n, address] of [
        "/nothing",
        "/messages/events",
        "messages/Partitions/0",
      ].entries()) {
        const { list, fields } = await peer[attach](n + 2, address);
        expect(list).toHaveLength(14);
        expect(list.slice(5, 7)).toMatchObject([{ value: null }, { value: null }]);
        expect(fields.max_message_size).toBe(1_048_576);
        expectError(await peer.until("detach"), 3, 2);
      }
    },
  );

  it("FLOW", async () => {
    const peer = connect(await createTestHub());
    await peer.open();
    await peer.attachSender(0, "$cbs");
    expect((await peer.until("flow")).list).toHaveLength(11);
  });

  it("TRANSFER", async () => {
    const hub = await createTestHub();
    const peer = await RawAmqp.connect(hub);
    await peer.attachReceiver(2, DEVICEBOUND);
    peer.grant(2, 1, { next_incoming_id: 1 });
    await hub.send();
    expect((await peer.until("transfer")).list).toHaveLength(11);
  });

  it("DISPOSITION of accepted and of rejected messages", async () => {
    const peer = await RawAmqp.connect(await createTestHub());
    await peer.attachSender(2, "/messages/devicebound");
    peer.transfer(2, 1, { to: DEVICEBOUND, body: "x" });
    expect((await peer.until("disposition")).list).toHaveLength(6);
    peer.transfer(2, 2, { to: "/nowhere", body: "x" });
    const { list } = await peer.until("disposition");
    expect(list).toHaveLength(6);
    const [rejected] = nestedList(list, 4);
    expect((rejected as { value: unknown[] }).value).toHaveLength(3);
  });

  it("DETACH, END and CLOSE without an error", async () => {
    const peer = await RawAmqp.connect(await createTestHub());
    await peer.attachReceiver(2, DEVICEBOUND);
    peer.send("detach", { handle: 2, closed: true });
    expect((await peer.until("detach")).list).toHaveLength(3);
    peer.send("end", {});
    expect((await peer.until("end")).list).toHaveLength(1);
    peer.send("close", {});
    expect((await peer.until("close")).list).toHaveLength(1);
  });

  it("CLOSE after the idle timeout, with the error", async () => {
    useFakeTime();
    const peer = connect(await createTestHub());
    await peer.open();
    vi.advanceTimersByTime(480_000);
    expectError(await peer.until("close"), 1, 0);
  });

  it("SASL mechanisms and outcome", async () => {
    const hub = await createTestHub();
    const peer = new RawAmqp(hub.rawAmqp().clientEnd, "sasl");
    expect((await peer.until("sasl_mechanisms")).list).toHaveLength(1);
    peer.sendSasl("sasl_init", { mechanism: "ANONYMOUS" });
    expect((await peer.until("sasl_outcome")).list).toHaveLength(2);
  });
});

describe("an incompatible rhea is reported", () => {
  it.each([
    ["without a transport", {}],
    ["without a SASL transport", { amqp_transport: { encode() {} }, sasl_transport: {} }],
  ])("when a connection is %s", (_, connection) => {
    expect(() => writeTrailingNulls(connection as Connection)).toThrow(IncompatiblePackage);
  });

  it.each([
    ["without a list", { constructor: { descriptor: { numeric: 0x10 } }, value: undefined }],
    ["without a descriptor", { constructor: {}, value: [] }],
    ["with an unknown descriptor", { constructor: { descriptor: { numeric: 0x99 } }, value: [] }],
  ])("when a performative is %s", (_, performative) => {
    const transport = { encode() {} };
    const connection = {
      amqp_transport: transport,
      sasl_transport: { transports: { 3: { transport: { encode() {} } } } },
    };
    writeTrailingNulls(connection as unknown as Connection);
    const { encode } = transport as { encode(frame: object): void };
    expect(() => encode({ performative })).toThrow(IncompatiblePackage);
    expect(() => encode({})).not.toThrow();
  });
});

// Rule amqp-fields.
describe("the properties of a link", () => {
  const properties = { "com.microsoft:epoch": 4, "com.microsoft:client-version": "c/1" };

  it.each([
    ["attachReceiver", PARTITION],
    ["attachReceiver", DEVICEBOUND],
    ["attachSender", EVENTS],
  ] as const)("are returned in the hub's ATTACH (%s to %s)", async (attach, address) => {
    const peer = await RawAmqp.connect(await createTestHub());
    const { fields } = await peer[attach](2, address, { properties });
    expect(fields.properties).toEqual(properties);
  });

  it("are null in the hub's ATTACH when the client's has none", async () => {
    const peer = await RawAmqp.connect(await createTestHub());
    expect((await peer.attachReceiver(2, PARTITION)).fields.properties).toBeNull();
  });
});

/** A nested list, as encoded. */
function nestedList(list: readonly unknown[], index: number): readonly unknown[] {
  return (list[index] as { readonly value: readonly unknown[] }).value;
}

function expectFullAttach({ list, fields }: RawFrame): void {
  expect(list).toHaveLength(14);
  expect(nestedList(list, 5)).toHaveLength(11);
  expect(nestedList(list, 6)).toHaveLength(7);
  expect(fields.max_message_size).toBeGreaterThan(65_536);
}

function expectError({ list }: RawFrame, fields: number, index: number): void {
  expect(list).toHaveLength(fields);
  expect(nestedList(list, index)).toHaveLength(3);
}

describe("keep-alive frames", () => {
  it.each([60_000, 240_000])(
    "are sent after half of the peer's idle timeout of %d ms",
    async (idleMs) => {
      useFakeTime();
      const peer = connect(await createTestHub());
      await peer.open({ idle_time_out: idleMs });
      const { fields } = await peer.attachSender(0, "$cbs");
      expect(fields.handle).toBe(0);
      await peer.until("flow");
      for (let round = 0; round < 3; round++) {
        let hasArrived = false;
        const frame = peer.next().finally(() => {
          hasArrived = true;
        });
        vi.advanceTimersByTime(idleMs / 2 - 1);
        await new Promise((resolve) => setImmediate(resolve));
        expect(hasArrived).toBe(false);
        vi.advanceTimersByTime(1);
        expect((await frame).bytes.toString("hex")).toBe(EMPTY_FRAME);
      }
    },
  );

  it("are not sent to a peer without an idle timeout", async () => {
    useFakeTime();
    const peer = connect(await createTestHub());
    await peer.open();
    vi.advanceTimersByTime(400_000);
    await peer.attachSender(0, "$cbs");
    expect((await peer.next()).type).toBe("flow");
  });
});
