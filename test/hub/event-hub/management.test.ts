import rhea, { type Message as AmqpMessage } from "rhea";
import { describe, expect, it } from "vitest";
import {
  type AmqpPeer,
  type AmqpReceiver,
  type AmqpSender,
  isAuthorized,
} from "../../support/amqp-peer.ts";
import { sendTelemetry } from "../../support/event-hub.ts";
import {
  connectTestService,
  createTestHub,
  HOST,
  type TestHubOptions,
} from "../../support/test-hub.ts";

const ADDRESS = "messages/$management";
const UNAUTHORIZED = { condition: "amqp:unauthorized-access" };
const HUB = { operation: "READ", type: "com.microsoft:eventhub", name: "messages" };
const PARTITION = { ...HUB, type: "com.microsoft:partition", partition: "2" };
/** The time in a partition without events. */
const NEVER = new Date("0001-01-01T00:00:00Z");

class Management {
  readonly requests: AmqpSender;
  readonly replies: AmqpReceiver;

  private constructor(requests: AmqpSender, replies: AmqpReceiver) {
    this.requests = requests;
    this.replies = replies;
  }

  static async open(peer: AmqpPeer, address = ADDRESS): Promise<Management> {
    const replies = await peer.openReceiver(address, { autoaccept: true });
    return new Management(await peer.openSender(address), replies);
  }

  async request(
    properties: object | undefined,
    fields: Partial<AmqpMessage> = {},
  ): Promise<AmqpMessage> {
    const application_properties = properties as AmqpMessage["application_properties"];
    this.requests.link.send({
      message_id: "request",
      ...(properties !== undefined && { application_properties }),
      body: undefined,
      ...fields,
    } as AmqpMessage);
    return (await this.replies.next()).message;
  }
}

async function connect(options: TestHubOptions = {}) {
  const hub = await createTestHub(options);
  const { peer } = await hub.connectService();
  return { hub, peer, management: await Management.open(peer) };
}

/** Runs this, and returns the byte that follows a name in what the hub sent. */
async function bytesDuring(peer: AmqpPeer, run: () => Promise<unknown>) {
  const chunks: Buffer[] = [];
  const { socket } = peer.connection as unknown as { socket: NodeJS.EventEmitter };
  const keep = (chunk: Buffer): void => void chunks.push(chunk);
  socket.on("data", keep);
  await run();
  socket.off("data", keep);
  const bytes = Buffer.concat(chunks);
  return (name: string): number | undefined =>
    bytes.includes(name) ? bytes[bytes.indexOf(name) + name.length] : undefined;
}

// Rule event-management.
describe("READ", () => {
  it.each([ADDRESS, "$management", "/$management", "amqps://localhost/Messages/$Management"])(
    "at %s returns the event hub's properties",
    async (address) => {
      const { hub, peer } = await connectTestService();
      const management = await Management.open(peer, address);
      const { application_properties, body, correlation_id } = await management.request(HUB);
      expect(correlation_id).toBe("request");
      expect(application_properties).toEqual({ "status-code": 200, "status-description": "OK" });
      expect(body).toEqual({
        name: "messages",
        type: "com.microsoft:eventhub",
        created_at: new Date(hub.clock.nowMs()),
        partition_count: 4,
        partition_ids: ["0", "1", "2", "3"],
      });
    },
  );

  it("of a partition returns the positions of its first and last event", async () => {
    const { hub, management } = await connect();
    await sendTelemetry(hub, ["0"]);
    hub.clock.advance(1000);
    expect(await sendTelemetry(hub, ["1"])).toBe("2");
    const { lastOffset } = hub.deviceToCloud.propertiesOf("2");
    const { application_properties, body } = await management.request(PARTITION);
    expect(application_properties).toMatchObject({ "status-code": 200 });
    expect(body).toEqual({
      name: "messages",
      type: "com.microsoft:partition",
      partition: "2",
      begin_sequence_number: 0,
      last_enqueued_sequence_number: 1,
      last_enqueued_offset: String(lastOffset),
      last_enqueued_time_utc: new Date(hub.clock.nowMs()),
      is_partition_empty: false,
    });
  });

  it("of an empty partition returns -1 and the minimum time", async () => {
    const { management } = await connect();
    expect((await management.request({ ...PARTITION, partition: "0" })).body).toEqual({
      name: "messages",
      type: "com.microsoft:partition",
      partition: "0",
      begin_sequence_number: 0,
      last_enqueued_sequence_number: -1,
      last_enqueued_offset: "-1",
      last_enqueued_time_utc: NEVER,
      is_partition_empty: true,
    });
  });

  it("of a partition whose events have all expired returns its last position", async () => {
    const hub = await createTestHub();
    const peer = await hub.amqp().opened();
    const token = hub.policyToken("service", { expiresInSeconds: 2 * 24 * 3600 });
    await (await peer.openCbs()).putToken(HOST, token);
    const management = await Management.open(peer);
    await sendTelemetry(hub, ["0", "1"]);
    hub.clock.advance(24 * 3_600_000);
    expect((await management.request(PARTITION)).body).toMatchObject({
      begin_sequence_number: 2,
      last_enqueued_sequence_number: 1,
      is_partition_empty: true,
    });
  });

  it("may name the event hub in any case, and the partition as a number", async () => {
    const { management } = await connect();
    const status = { "status-code": 200 };
    for (const request of [HUB, PARTITION]) {
      for (const name of ["Messages", "MESSAGES"]) {
        const other = await management.request({ ...request, name });
        expect(other.application_properties).toMatchObject(status);
        expect(other.body).toMatchObject({ name: "messages" });
      }
    }
    const number = await management.request({ ...PARTITION, partition: 2 });
    expect(number.application_properties).toMatchObject(status);
  });

  it("is answered with the types that clients require", async () => {
    const { hub, peer, management } = await connect();
    await sendTelemetry(hub, ["x"]);
    const ofHub = await bytesDuring(peer, () => management.request(HUB));
    // int, array, timestamp: uamqp fails on other numbers and on lists.
    expect([0x71, 0x54]).toContain(ofHub("status-code"));
    expect([0x71, 0x54]).toContain(ofHub("partition_count"));
    expect([0xe0, 0xf0]).toContain(ofHub("partition_ids"));
    expect(ofHub("created_at")).toBe(0x83);
    const ofPartition = await bytesDuring(peer, () => management.request(PARTITION));
    expect([0x81, 0x55]).toContain(ofPartition("begin_sequence_number"));
    expect([0x81, 0x55]).toContain(ofPartition("last_enqueued_sequence_number"));
    expect(ofPartition("last_enqueued_offset")).toBe(0xa1);
    expect(ofPartition("last_enqueued_time_utc")).toBe(0x83);
    expect([0x41, 0x42, 0x56]).toContain(ofPartition("is_partition_empty"));
  });

  it.each<[string, unknown, unknown]>([
    ["a string", "id-7", "id-7"],
    ["the ulong 0 (uamqp's first)", rhea.types.wrap_ulong(0), 0],
    ["a ulong", rhea.types.wrap_ulong(7), 7],
    [
      "a uuid",
      rhea.types.wrap_uuid(rhea.string_to_uuid("12345678-1234-1234-1234-1234567890ab")),
      rhea.string_to_uuid("12345678-1234-1234-1234-1234567890ab"),
    ],
  ])("is answered with its id when that is %s", async (_type, id, expected) => {
    const { peer, management } = await connect();
    let reply: AmqpMessage | undefined;
    await bytesDuring(peer, async () => {
      reply = await management.request(HUB, { message_id: id as string });
    });
    expect(reply?.correlation_id).toEqual(expected);
    if (typeof expected === "number") expect(typeof reply?.correlation_id).toBe("number");
  });

  it.each<[string, object | undefined, number]>([
    ["another operation", { ...HUB, operation: "DELETE" }, 400],
    ["no operation", { type: HUB.type, name: HUB.name }, 400],
    ["another type", { ...HUB, type: "com.microsoft:queue" }, 400],
    ["no type", { operation: "READ", name: HUB.name }, 400],
    ["no properties", undefined, 400],
    ["another event hub", { ...HUB, name: "other" }, 404],
    ["no event hub", { operation: "READ", type: HUB.type }, 404],
    ["another event hub's partition", { ...PARTITION, name: "other" }, 404],
    ["an unknown partition", { ...PARTITION, partition: "4" }, 404],
    ["an invalid partition", { ...PARTITION, partition: "zero" }, 404],
    ["no partition", { ...HUB, type: PARTITION.type }, 404],
  ])("with %s is answered with an error and no body", async (_what, request, status) => {
    const { management } = await connect();
    const { application_properties, body } = await management.request(request);
    expect(application_properties).toEqual({
      "status-code": status,
      "status-description": expect.stringMatching(/./),
    });
    expect(body ?? undefined).toBeUndefined();
    const next = await management.request(HUB);
    expect(next.application_properties).toMatchObject({ "status-code": 200 });
  });

  it("is answered on the link named in reply-to, or else on one of its session", async () => {
    const { peer } = await connectTestService();
    const first = await peer.openReceiver(ADDRESS, { name: "first", autoaccept: true });
    const second = await peer.openReceiver(ADDRESS, { name: "second", autoaccept: true });
    const { link } = await peer.openSender(ADDRESS);
    const request = { application_properties: HUB, body: undefined };
    link.send({ ...request, message_id: "a", reply_to: "second" });
    expect((await second.next()).message.correlation_id).toBe("a");
    link.send({ ...request, message_id: "b" });
    const reply = await Promise.race([first.next(), second.next()]);
    expect(reply.message.correlation_id).toBe("b");
  });

  // Rules event-management, sas-scope. Event Hubs' clients send a token and such a body.
  it.each([
    ["the event hub", HUB, { partition_count: 4 }],
    ["a partition", PARTITION, { partition: "2" }],
  ])("of %s may contain a security token and a body", async (_what, request, expected) => {
    const { hub, peer } = await connectTestService();
    const replies = await peer.openReceiver(ADDRESS, { name: "replies", autoaccept: true });
    const { link } = await peer.openSender(ADDRESS);
    const resource = `sb://${HOST}:5671/messages`;
    const tokens = [hub.policyToken("service", { resource }), "SharedAccessSignature sr=x", ""];
    for (const [n, security_token] of tokens.entries()) {
      link.send({
        message_id: `q${n}`,
        reply_to: "replies",
        application_properties: { ...request, security_token },
        body: rhea.message.data_section(Buffer.from("[]")),
      });
      const { message } = await replies.next();
      expect(message.correlation_id).toBe(`q${n}`);
      expect(message.application_properties).toMatchObject({ "status-code": 200 });
      expect(message.body).toMatchObject(expected);
    }
  });

  it("needs a token on $cbs before its links are attached", async () => {
    const hub = await createTestHub();
    const peer = await hub.amqp({ username: "anonymous" }).opened();
    for (const open of [() => peer.openSender(ADDRESS), () => peer.openReceiver(ADDRESS)]) {
      await expect(open()).rejects.toMatchObject(UNAUTHORIZED);
    }
  });

  it("with an unknown reply-to is answered on a link of its session", async () => {
    const { management } = await connect();
    const { correlation_id } = await management.request(HUB, { reply_to: "cbs" });
    expect(correlation_id).toBe("request");
  });

  it("is answered in order when many requests are sent at once", async () => {
    const { management } = await connect();
    const { link } = management.requests;
    const count = 250;
    let sent = 0;
    const send = (): void => {
      while (link.sendable() && sent < count) {
        link.send({ message_id: `${sent++}`, application_properties: HUB, body: undefined });
      }
    };
    link.on("sendable", send);
    send();
    for (let n = 0; n < count; n++) {
      expect((await management.replies.next()).message.correlation_id).toBe(`${n}`);
    }
  });
});

// Rules event-management, policy-permissions.
describe("access to $management", () => {
  it.each([
    ["registryRead", false],
    ["registryReadWrite", false],
    ["device", false],
    ["service", true],
    ["iothubowner", true],
  ])("with policy %s is authorized: %s", async (policy, may) => {
    const { peer } = await connectTestService(policy);
    for (const open of [() => peer.openSender(ADDRESS), () => peer.openReceiver(ADDRESS)]) {
      expect(await isAuthorized(open())).toBe(may);
    }
  });

  it("is refused to a device, and without a token", async () => {
    const hub = await createTestHub();
    const nobody = await hub.amqp().opened();
    await expect(nobody.openSender(ADDRESS)).rejects.toMatchObject(UNAUTHORIZED);
    const device = await hub.connectAmqpDevice();
    await expect(device.openSender(ADDRESS)).rejects.toMatchObject(UNAUTHORIZED);
  });

  // Rule sas-scope.
  it.each([
    [`sb://${HOST}/messages`, true],
    [`sb://${HOST}:5671/messages/$management`, true],
    [`sb://${HOST}/messages/ConsumerGroups/$Default`, false],
  ])("with a token for %s is authorized: %s", async (resource, may) => {
    const hub = await createTestHub();
    const peer = await hub.amqp().opened();
    await (await peer.openCbs()).putToken(resource, hub.policyToken("service", { resource }));
    expect(await isAuthorized(peer.openSender(ADDRESS))).toBe(may);
  });
});
