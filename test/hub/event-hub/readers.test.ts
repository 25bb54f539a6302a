import { once } from "node:events";
import rhea, { type AmqpError, type Message as AmqpMessage } from "rhea";
import { describe, expect, it } from "vitest";
import { partitionOf } from "../../../src/core/events/partition.ts";
import { PARTITION_COUNT } from "../../../src/core/limits.ts";
import type { Telemetry } from "../../../src/core/message.ts";
import { isAuthorized, LINK_ENDS } from "../../support/amqp-peer.ts";
import {
  bodyOf,
  openPartition,
  POSITION,
  partitionAddress,
  roundTrip,
  sendTelemetry,
  takeBodies,
} from "../../support/event-hub.ts";
import { HeldStore } from "../../support/held-store.ts";
import {
  connectTestService,
  createTestHub,
  HOST,
  type TestHub,
  type TestHubOptions,
} from "../../support/test-hub.ts";
import { uncaughtDuring } from "../../support/uncaught.ts";

const NOT_FOUND = { condition: "amqp:not-found" };
const REFUSED = { condition: "com.microsoft:argument-error" };
const UNAUTHORIZED = { condition: "amqp:unauthorized-access" };
const STOLEN = { condition: "amqp:link:stolen" };

/** A hub with these events, a second apart, and a service that may read them. */
async function hubWith(bodies: readonly string[], options: TestHubOptions = {}) {
  const hub = await createTestHub(options);
  const { peer } = await hub.connectService();
  for (const body of bodies) {
    await sendTelemetry(hub, [body]);
    hub.clock.advance(1000);
  }
  return { hub, peer, partitionId: String(partitionOf("device1", PARTITION_COUNT)) };
}

/** Resolves to the error its link is closed with. */
async function closed({ link }: { link: rhea.Receiver }): Promise<Partial<AmqpError>> {
  if (link.is_open()) await once(link, "receiver_close");
  return link.error as AmqpError;
}

// Rule event-message.
describe("an event", () => {
  async function received(fields: Partial<Telemetry>): Promise<AmqpMessage> {
    const { hub, peer } = await hubWith([]);
    const partitionId = await sendTelemetry(hub, ["h\u00e9llo\0"], fields);
    const reader = await openPartition(peer, { partitionId });
    return (await reader.next()).message;
  }

  it("has its position and its device in annotations", async () => {
    const { hub, peer } = await hubWith([]);
    const partitionId = await sendTelemetry(hub, ["0", "1"]);
    const reader = await openPartition(peer, { partitionId });
    const [first, second] = [await reader.next(), await reader.next()];
    const { generationId } = hub.registry.get("device1");
    const enqueuedTime = new Date(hub.clock.nowMs());
    expect(first.message.message_annotations).toEqual({
      "x-opt-sequence-number": 0,
      "x-opt-offset": "0",
      "x-opt-enqueued-time": enqueuedTime,
      "iothub-connection-device-id": "device1",
      "iothub-connection-auth-generation-id": generationId,
      "iothub-connection-auth-method": "{}",
      "iothub-enqueuedtime": enqueuedTime,
      "iothub-message-source": "Telemetry",
    });
    expect(second.message.message_annotations).toMatchObject({ "x-opt-sequence-number": 1 });
    expect(first.message.delivery_annotations).toBeUndefined();
  });

  it("has its numbers and times in the types that clients require", async () => {
    const { hub, peer } = await hubWith([]);
    const partitionId = await sendTelemetry(hub, ["x"]);
    const chunks: Buffer[] = [];
    const { socket } = peer.connection as unknown as { socket: NodeJS.ReadableStream };
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    const reader = await openPartition(peer, { partitionId });
    await reader.next();
    const bytes = Buffer.concat(chunks);
    const typeCodeOf = (name: string): number | undefined =>
      bytes[bytes.indexOf(name) + name.length];
    // long or smalllong, short string, timestamp.
    expect([0x81, 0x55]).toContain(typeCodeOf("x-opt-sequence-number"));
    expect(typeCodeOf("x-opt-offset")).toBe(0xa1);
    expect(typeCodeOf("x-opt-enqueued-time")).toBe(0x83);
    expect(typeCodeOf("iothub-enqueuedtime")).toBe(0x83);
  });

  it("has all properties that the device set", async () => {
    const message = await received({
      system: {
        messageId: "m1",
        correlationId: "c1",
        userId: "u1",
        to: "/devices/device1/messages/events",
        contentType: "application/json",
        contentEncoding: "utf-8",
        expiryTimeUtcMs: Date.UTC(2027, 0, 1),
        interfaceId: "urn:a",
        subject: "part",
        schema: "schema",
        creationTimeUtc: "2026-01-01T00:00:00Z",
      },
      properties: { "a b": "\u00fc", empty: "", bare: null },
    });
    expect(bodyOf(message)).toBe("h\u00e9llo\0");
    expect(message).toMatchObject({
      message_id: "m1",
      correlation_id: "c1",
      user_id: Buffer.from("u1"),
      to: "/devices/device1/messages/events",
      content_type: "application/json",
      content_encoding: "utf-8",
      absolute_expiry_time: new Date(Date.UTC(2027, 0, 1)),
      application_properties: { "a b": "\u00fc", empty: "", bare: null },
      message_annotations: {
        "iothub-interface-name": "urn:a",
        "dt-subject": "part",
        "dt-dataschema": "schema",
        "iothub-creation-time-utc": "2026-01-01T00:00:00Z",
      },
    });
  });

  it.each<[string, Telemetry["system"], unknown]>([
    ["string", { messageId: "7", correlationId: "7" }, "7"],
    [
      "uuid",
      {
        messageId: "12345678-1234-1234-1234-1234567890ab",
        messageIdType: "uuid",
        correlationId: "12345678-1234-1234-1234-1234567890ab",
        correlationIdType: "uuid",
      },
      rhea.string_to_uuid("12345678-1234-1234-1234-1234567890ab"),
    ],
    [
      "ulong",
      { messageId: "7", messageIdType: "ulong", correlationId: "7", correlationIdType: "ulong" },
      7,
    ],
    [
      "ulong beyond 2^53",
      {
        messageId: "18446744073709551361",
        messageIdType: "ulong",
        correlationId: "18446744073709551361",
        correlationIdType: "ulong",
      },
      Buffer.from("ffffffffffffff01", "hex"),
    ],
  ])("keeps the type of its ids: %s", async (_type, system, id) => {
    const message = await received({ system });
    expect([message.message_id, message.correlation_id]).toEqual([id, id]);
  });

  it("of 256 KB is delivered whole", async () => {
    const { hub, peer } = await hubWith([]);
    const partitionId = await sendTelemetry(hub, ["x".repeat(262_144)]);
    const reader = await openPartition(peer, { partitionId });
    expect(bodyOf((await reader.next()).message)).toBe("x".repeat(262_144));
  });
});

// Rule event-position.
describe("a reader", () => {
  const BODIES = ["0", "1", "2", "3"];
  const T0 = Date.UTC(2026, 0, 1);

  it.each<[string | undefined, string[]]>([
    [undefined, BODIES],
    [`${POSITION.offset} > '-1'`, BODIES],
    [`${POSITION.offset} >= '0'`, BODIES],
    [`${POSITION.offset} > '0'`, ["1", "2", "3"]],
    [`${POSITION.sequenceNumber} > '1'`, ["2", "3"]],
    [`${POSITION.sequenceNumber} >= '1'`, ["1", "2", "3"]],
    [`${POSITION.enqueuedTime} > '0'`, BODIES],
    [`${POSITION.enqueuedTime} > '${T0 + 1000}'`, ["2", "3"]],
    [`${POSITION.enqueuedTime} >= '${T0 + 1000}'`, ["1", "2", "3"]],
    [`${POSITION.azEnqueuedTime} > ${T0 + 1999}`, ["2", "3"]],
    [`${POSITION.offset} > '@latest'`, []],
    [`${POSITION.enqueuedTime} > '${T0 + 4000}'`, []],
  ])("with the filter %o starts there, and continues with new events", async (filter, bodies) => {
    const { hub, peer, partitionId } = await hubWith(BODIES);
    const reader = await openPartition(peer, { partitionId, ...(filter && { filter }) });
    hub.clock.advance(10_000);
    await sendTelemetry(hub, ["new"]);
    expect(await takeBodies(reader, bodies.length + 1)).toEqual([...bodies, "new"]);
  });

  it("may use the filter's name as its descriptor (uamqp)", async () => {
    const { peer, partitionId } = await hubWith(BODIES);
    const name = "apache.org:selector-filter:string";
    const described = rhea.types.wrap_described(
      `${POSITION.azEnqueuedTime} > ${T0 + 1000}`,
      rhea.types.wrap_symbol(name) as never,
    );
    const source = { address: partitionAddress(partitionId), filter: { [name]: described } };
    const reader = await openPartition(peer, { partitionId, link: { source: source as never } });
    expect(await takeBodies(reader, 2)).toEqual(["2", "3"]);
  });

  it.each([
    "x",
    "",
    `${POSITION.offset} < '1'`,
    `${POSITION.offset} > 'one'`,
    "amqp.annotation.x-opt-partition-key > '1'",
  ])("with the filter %o is refused", async (filter) => {
    const { peer, partitionId } = await hubWith(BODIES);
    await expect(openPartition(peer, { partitionId, filter })).rejects.toMatchObject(REFUSED);
  });

  it.each([
    [`${POSITION.offset} > '999999'`, "The supplied offset '999999' is invalid"],
    [`${POSITION.sequenceNumber} > '4'`, "The supplied sequence number '4' is invalid"],
  ])(
    "with the filter %o, beyond the end, is refused with Event Hubs' message",
    async (filter, text) => {
      const { peer, partitionId } = await hubWith(BODIES);
      const opened = openPartition(peer, { partitionId, filter });
      await expect(opened).rejects.toMatchObject({
        ...REFUSED,
        message: expect.stringMatching(new RegExp(`^${text}.*TrackingId:\\w+, Timestamp:`)),
      });
    },
  );

  // Rule event-sequence.
  it("that continues from an event's offset misses no event, even an empty one", async () => {
    const { peer, partitionId } = await hubWith(["", "", ""]);
    const first = await (await openPartition(peer, { partitionId })).next();
    const offset = first.message.message_annotations?.["x-opt-offset"];
    const filter = `${POSITION.offset} > '${offset}'`;
    const reader = await openPartition(peer, { partitionId, filter });
    const { message } = await reader.next();
    expect(message.message_annotations?.["x-opt-sequence-number"]).toBe(1);
  });

  // Rule d2c-durable.
  it("that starts at the end misses no event that is being stored", async () => {
    const store = new HeldStore();
    const { hub, peer } = await hubWith([], { store });
    store.hold();
    const sent = sendTelemetry(hub, ["first"]);
    const readers = await Promise.all(
      hub.deviceToCloud.partitionIds.map((partitionId) =>
        openPartition(peer, { partitionId, filter: `${POSITION.offset} > '@latest'` }),
      ),
    );
    store.release();
    const reader = readers[Number(await sent)];
    expect(reader && (await takeBodies(reader, 1))).toEqual(["first"]);
  });

  it("may settle events with any outcome, which has no effect", async () => {
    const { peer, partitionId } = await hubWith(BODIES);
    const link = { autoaccept: false, autosettle: false };
    const reader = await openPartition(peer, { partitionId, link });
    (await reader.next()).delivery.accept();
    (await reader.next()).delivery.reject();
    (await reader.next()).delivery.release();
    (await reader.next()).delivery.modified({ delivery_failed: true });
    await roundTrip(peer);
    const again = await openPartition(peer, { partitionId });
    expect(await takeBodies(again, 4)).toEqual(BODIES);
  });
});

describe("credit", () => {
  /** Sends one batch of this many events, and returns their partition. */
  async function sendBatch(hub: TestHub, count: number): Promise<string> {
    const message = { system: {}, properties: {}, body: Buffer.from("x") };
    const batch = Array.from({ length: count }, () => message);
    await hub.deviceToCloud.receive({ deviceId: "device1", authMethod: "{}" }, batch);
    return hub.log.of("telemetry")[0]?.partitionId ?? "";
  }

  it("granted one at a time delivers one event at a time, in order", async () => {
    const bodies = Array.from({ length: 10 }, (_, n) => String(n));
    const { peer, partitionId } = await hubWith(bodies);
    const reader = await openPartition(peer, { partitionId, link: { credit_window: 0 } });
    let arrived = 0;
    reader.link.on("message", () => arrived++);
    for (const [index, body] of bodies.entries()) {
      await roundTrip(peer);
      expect(arrived).toBe(index);
      reader.link.add_credit(1);
      expect(await takeBodies(reader, 1)).toEqual([body]);
    }
    reader.link.add_credit(2);
    await roundTrip(peer);
    expect(arrived).toBe(10);
  });

  it("that is left is used for later events", async () => {
    const { hub, peer, partitionId } = await hubWith(["0"]);
    const reader = await openPartition(peer, { partitionId, link: { credit_window: 0 } });
    reader.link.add_credit(2);
    expect(await takeBodies(reader, 1)).toEqual(["0"]);
    await sendTelemetry(hub, ["1", "2", "3"]);
    expect(await takeBodies(reader, 1)).toEqual(["1"]);
    reader.link.add_credit(5);
    expect(await takeBodies(reader, 2)).toEqual(["2", "3"]);
  });

  it.each([0, 3])(
    "of 5 that is drained delivers the %d available events and is used up",
    async (count) => {
      const bodies = Array.from({ length: count }, (_, n) => String(n));
      const { hub, peer, partitionId } = await hubWith(bodies);
      const reader = await openPartition(peer, { partitionId, link: { credit_window: 0 } });
      const drained = once(reader.link, "receiver_drained");
      reader.link.add_credit(5);
      reader.link.drain_credit();
      expect(await takeBodies(reader, count)).toEqual(bodies);
      await drained;
      let hasMore = false;
      reader.link.once("message", () => {
        hasMore = true;
      });
      await sendTelemetry(hub, ["later"]);
      await roundTrip(peer);
      expect(hasMore).toBe(false);
      reader.link.drain = false;
      reader.link.add_credit(1);
      expect(await takeBodies(reader, 1)).toEqual(["later"]);
    },
  );

  it("that is drained is used by the available events", async () => {
    const { peer, partitionId } = await hubWith(["0", "1", "2"]);
    const reader = await openPartition(peer, { partitionId, link: { credit_window: 0 } });
    reader.link.add_credit(2);
    reader.link.drain_credit();
    expect(await takeBodies(reader, 2)).toEqual(["0", "1"]);
    reader.link.drain = false;
    reader.link.add_credit(1);
    expect(await takeBodies(reader, 1)).toEqual(["2"]);
  });

  it("of thousands delivers thousands of events", async () => {
    const count = 3000;
    const { hub, peer } = await hubWith([]);
    const partitionId = await sendBatch(hub, count);
    const reader = await openPartition(peer, { partitionId, link: { credit_window: 5000 } });
    for (let n = 0; n < count; n++) {
      const { message_annotations } = (await reader.next()).message;
      expect(message_annotations?.["x-opt-sequence-number"]).toBe(n);
    }
  });

  it("of thousands delivers thousands of pre-settled events to a reader that settles none", async () => {
    const count = 3000;
    const hub = await createTestHub();
    const room = { session_buffer_size: 10_000 } as object;
    const { peer } = await hub.connectService("service", room);
    const partitionId = await sendBatch(hub, count);
    const settled = { snd_settle_mode: 1, autoaccept: false, autosettle: false } as const;
    const link = { ...settled, credit_window: 5000 };
    const reader = await openPartition(peer, { partitionId, link });
    for (let n = 0; n < count; n++)
      expect((await reader.next()).delivery.remote_settled).toBe(true);
  });

  it("of a link is not reduced by the unsettled events of closed links", async () => {
    const hub = await createTestHub();
    // The reader has room for all of them: only the hub's side could fill up.
    const room = { session_buffer_size: 10_000 } as object;
    const { peer } = await hub.connectService("service", room);
    const partitionId = await sendBatch(hub, 500);
    const link = { autoaccept: false, autosettle: false, credit_window: 500 };
    for (let round = 0; round < 6; round++) {
      const reader = await openPartition(peer, { partitionId, link });
      for (let n = 0; n < 500; n++) await reader.next();
      const closing = once(reader.link, "receiver_close");
      reader.link.close();
      await closing;
    }
  });
});

// Rule event-group.
describe("consumer groups", () => {
  it("each get all events, as do several readers of one group", async () => {
    const { hub, peer, partitionId } = await hubWith(["0"], { consumerGroups: ["audit"] });
    const groups = ["$Default", "audit", "$default", "AUDIT", "$Default"];
    const readers = await Promise.all(
      groups.map((group) => openPartition(peer, { partitionId, group })),
    );
    await sendTelemetry(hub, ["1"]);
    for (const reader of readers) expect(await takeBodies(reader, 2)).toEqual(["0", "1"]);
  });

  it.each([
    [partitionAddress("0", "nobody"), "'messages/ConsumerGroups/nobody' could not be found"],
    [partitionAddress("4"), "'messages/Partitions/4' could not be found"],
    [partitionAddress("-1"), "'messages/Partitions/-1' could not be found"],
    [partitionAddress("00"), "'messages/Partitions/00' could not be found"],
    [partitionAddress("x"), "'messages/Partitions/x' could not be found"],
    ["other/ConsumerGroups/$Default/Partitions/0", "could not be found"],
    ["messages/ConsumerGroups/$Default", "could not be found"],
  ])("and partitions that do not exist are refused (%s)", async (address, text) => {
    const { peer } = await hubWith([]);
    await expect(peer.openReceiver(address)).rejects.toMatchObject({
      ...NOT_FOUND,
      message: expect.stringContaining(text),
    });
  });
});

// Rule event-epoch.
describe("an epoch", () => {
  it("shuts out readers of its group with a lower epoch or none", async () => {
    const { peer, partitionId } = await hubWith([]);
    const [plain, low] = [
      await openPartition(peer, { partitionId }),
      await openPartition(peer, { partitionId, group: "$Default" }),
    ];
    const first = await openPartition(peer, { partitionId, epoch: 1 });
    expect(await closed(plain)).toMatchObject(STOLEN);
    expect(await closed(low)).toMatchObject(STOLEN);
    await expect(openPartition(peer, { partitionId })).rejects.toMatchObject(STOLEN);
    await expect(openPartition(peer, { partitionId, epoch: 0 })).rejects.toMatchObject(STOLEN);
    const second = await openPartition(peer, { partitionId, epoch: 2 });
    expect(await closed(first)).toMatchObject(STOLEN);
    await roundTrip(peer);
    expect(second.link.is_open()).toBe(true);
  });

  it("that is equal replaces the older reader, with Event Hubs' message", async () => {
    const { hub, peer, partitionId } = await hubWith(["0"]);
    const older = await openPartition(peer, { partitionId, epoch: 0 });
    const newer = await openPartition(peer, { partitionId, epoch: 0 });
    const { condition, description } = await closed(older);
    expect(condition).toBe("amqp:link:stolen");
    expect(description).toMatch(/^New receiver with higher epoch of '0' is created .*TrackingId:/);
    await sendTelemetry(hub, ["1"]);
    expect(await takeBodies(newer, 2)).toEqual(["0", "1"]);
  });

  it("applies only to its group and partition", async () => {
    const { peer } = await hubWith([], { consumerGroups: ["audit"] });
    const readers = [
      await openPartition(peer, { partitionId: "0", epoch: 5 }),
      await openPartition(peer, { partitionId: "0", group: "audit" }),
      await openPartition(peer, { partitionId: "0", group: "audit", epoch: 1 }),
      await openPartition(peer, { partitionId: "1" }),
    ];
    await roundTrip(peer);
    expect(readers.map(({ link }) => link.is_open())).toEqual([true, false, true, true]);
  });

  it.each(["link", "connection"] as const)("ends when its %s is closed", async (end) => {
    const { hub, partitionId } = await hubWith([]);
    const { peer } = await hub.connectService();
    const reader = await openPartition(peer, { partitionId, epoch: 9 });
    if (end === "link") {
      reader.link.close();
      await once(reader.link, "receiver_close");
    } else {
      const ended = once(peer.connection, "connection_close");
      peer.connection.close();
      await ended;
    }
    const next = await hub.connectService();
    await openPartition(next.peer, { partitionId });
  });

  it.each([
    ["negative", -1],
    ["beyond 2^53", Buffer.from("7fffffffffffffff", "hex") as unknown as number],
  ])("that is %s is refused", async (_what, epoch) => {
    const { peer } = await hubWith([]);
    const opened = openPartition(peer, { partitionId: "0", epoch });
    await expect(opened).rejects.toMatchObject(REFUSED);
  });
});

// Rules event-address, policy-permissions.
describe("access to events", () => {
  it.each([
    ["registryRead", false],
    ["registryReadWrite", false],
    ["device", false],
    ["service", true],
    ["iothubowner", true],
  ])("with policy %s is authorized: %s", async (policy, may) => {
    const { peer } = await connectTestService(policy);
    expect(await isAuthorized(openPartition(peer, { partitionId: "0" }))).toBe(may);
  });

  it("is refused to a device, and without a token, whether or not the partition exists", async () => {
    const hub = await createTestHub();
    const nobody = await hub.amqp().opened();
    for (const partitionId of ["0", "99"]) {
      await expect(openPartition(nobody, { partitionId })).rejects.toMatchObject(UNAUTHORIZED);
    }
    const device = await hub.connectAmqpDevice();
    await expect(openPartition(device, { partitionId: "0" })).rejects.toMatchObject(UNAUTHORIZED);
  });

  // Rule sas-scope.
  it.each([
    [`sb://${HOST}/messages`, true],
    [`sb://${HOST}:5671/Messages/ConsumerGroups`, true],
    [`sb://${HOST}/messages/consumergroups/$default/partitions/0`, true],
    [`${HOST}/messages/ConsumerGroups/$Default/Partitions/0`, true],
    [`sb://${HOST}/messages/ConsumerGroups/$Default/Partitions/1`, false],
    [`sb://${HOST}/messages/$management`, false],
    [`sb://${HOST}/mess`, false],
    [`sb://${HOST}/messages/events`, false],
    ["sb://elsewhere/messages", false],
  ])("with a token for %s is authorized: %s", async (resource, may) => {
    const hub = await createTestHub();
    const peer = await hub.amqp().opened();
    await (await peer.openCbs()).putToken(resource, hub.policyToken("service", { resource }));
    expect(await isAuthorized(openPartition(peer, { partitionId: "0" }))).toBe(may);
  });

  // Rule sas-expiry.
  it("ends when the token expires, and continues when it is renewed", async () => {
    const hub = await createTestHub();
    const peer = await hub.amqp().opened();
    const cbs = await peer.openCbs();
    await cbs.putToken(HOST, hub.policyToken("service", { expiresInSeconds: 60 }));
    const reader = await openPartition(peer, { partitionId: "2" });
    hub.clock.advance(50_000);
    await cbs.putToken(HOST, hub.policyToken("service", { expiresInSeconds: 60 }));
    hub.clock.advance(50_000);
    expect(await sendTelemetry(hub, ["still"])).toBe("2");
    expect(await takeBodies(reader, 1)).toEqual(["still"]);
    hub.clock.advance(10_000);
    expect(await closed(reader)).toMatchObject(UNAUTHORIZED);
    await sendTelemetry(hub, ["nobody reads it"]);
    await expect(openPartition(peer, { partitionId: "2" })).rejects.toMatchObject(UNAUTHORIZED);
  });

  it.each(["messages", "messages/Partitions/0", "Messages/partitions/1"])(
    "does not allow sending to %s, not even to the owner",
    async (address) => {
      const { peer } = await connectTestService("iothubowner");
      await expect(peer.openSender(address)).rejects.toMatchObject(UNAUTHORIZED);
    },
  );
});

describe("the runtime metric of a partition", () => {
  const METRIC = "com.microsoft:enable-receiver-runtime-metric";

  it.each([
    ["alone", METRIC],
    ["among others", ["com.microsoft:georeplication", METRIC]],
  ])("is delivered with each event to a reader that requests it %s", async (_how, capabilities) => {
    const { hub, peer, partitionId } = await hubWith(["0", "1"]);
    const startMs = Date.UTC(2026, 0, 1);
    const link = { desired_capabilities: capabilities };
    const reader = await openPartition(peer, { partitionId, link });
    const { message } = await reader.next();
    const last = hub.deviceToCloud.propertiesOf(partitionId);
    expect(message.delivery_annotations).toEqual({
      last_enqueued_sequence_number: 1,
      last_enqueued_offset: String(last.lastOffset),
      last_enqueued_time_utc: new Date(startMs + 1000),
      runtime_info_retrieval_time_utc: new Date(startMs + 2000),
    });
  });

  it("is updated with new events", async () => {
    const { hub, peer, partitionId } = await hubWith(["0"]);
    const link = { desired_capabilities: METRIC };
    const reader = await openPartition(peer, { partitionId, link });
    await reader.next();
    await sendTelemetry(hub, ["1"]);
    const { message } = await reader.next();
    expect(message.delivery_annotations).toMatchObject({ last_enqueued_sequence_number: 1 });
  });
});

describe("a reader that disconnects", () => {
  it.each(LINK_ENDS)("may close its %s while receiving", async (end) => {
    const { hub, partitionId } = await hubWith(Array.from({ length: 50 }, (_, n) => String(n)));
    const uncaught = await uncaughtDuring(async () => {
      const { peer } = await hub.connectService();
      const reader = await openPartition(peer, { partitionId, link: { credit_window: 1000 } });
      await reader.next();
      peer.end(reader.link, end);
      await sendTelemetry(hub, ["more"]);
      const next = await hub.connectService();
      const again = await openPartition(next.peer, { partitionId });
      expect((await takeBodies(again, 51)).at(-1)).toBe("more");
    });
    expect(uncaught).toEqual([]);
  });

  it("gets nothing more, even with credit left", async () => {
    const { hub, partitionId } = await hubWith(["0"]);
    const got: string[] = [];
    const partition = { type: "eventPartition", consumerGroup: "$Default", partitionId } as const;
    const subscription = hub.deviceToCloud.subscribe(
      { partition: { ...partition, segments: [] }, position: { type: "start" } },
      {
        hasCredit: () => true,
        deliver: ({ payload }) => got.push(String(payload.telemetry.body)),
        onReplaced: () => {},
      },
    );
    subscription.wake();
    subscription.close();
    await sendTelemetry(hub, ["1"]);
    expect(got).toEqual(["0"]);
  });
});
