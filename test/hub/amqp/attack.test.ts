import { once } from "node:events";
import fc from "fast-check";
import rhea from "rhea";
import { describe, expect, it } from "vitest";
import { AmqpPeer, LINK_ENDS } from "../../support/amqp-peer.ts";
import { RawAmqp } from "../../support/raw-amqp.ts";
import { connectTestService, createTestHub, HOST, type TestHub } from "../../support/test-hub.ts";
import { uncaughtDuring } from "../../support/uncaught.ts";
import { warningsDuring } from "../../support/warnings.ts";

const TO = "/devices/device1/messages/devicebound";
const HEADER = Buffer.from("AMQP\u0000\u0001\u0000\u0000", "latin1");

/** Values that claim to have more items than they have bytes. */
const MANY_NULLS = "f0000000057fffffff40";
const SOME_NULLS = "f0000000050000ffff40";
const MANY_ITEMS = "d000ffffff01000000";

/** Sends a message, to check that the hub still serves others. */
async function expectAlive(hub: TestHub): Promise<void> {
  const { peer } = await hub.connectService();
  const sender = await peer.openSender("/messages/devicebound");
  expect(await sender.send({ to: TO })).toEqual({ type: "accepted" });
}

/** A properties section with this encoded message id, and a body of text. */
function rawMessage(messageId: string, body = "x"): Buffer {
  const id = Buffer.from(messageId, "hex");
  const text = Buffer.from(body);
  return Buffer.concat([
    Buffer.from([0x00, 0x53, 0x73, 0xc0, id.length + 1, 0x01]),
    id,
    Buffer.from([0x00, 0x53, 0x77, 0xa1, text.length]),
    text,
  ]);
}

/** With its size; the first four of the bytes are the rest of its header. */
function frameOf(bytes: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(size.length + bytes.length);
  return Buffer.concat([size, bytes]);
}

/** The frames, without their sizes, of a service that signs in, sends a message and asks for feedback. */
async function recordFrames(hub: TestHub): Promise<Buffer[]> {
  const { clientEnd, hubEnd } = hub.rawAmqp();
  const chunks: Buffer[] = [];
  hubEnd.on("data", (chunk: Buffer) => chunks.push(chunk));
  const peer = await new AmqpPeer(clientEnd).opened();
  await (await peer.openCbs()).putToken(HOST, hub.policyToken("service"));
  await (await peer.openSender("/messages/devicebound")).send({ to: "nowhere", body: "x" });
  await peer.openReceiver("/messages/serviceBound/feedback");
  peer.destroy();
  const all = Buffer.concat(chunks);
  const frames: Buffer[] = [];
  for (let at = HEADER.length; at < all.length; at += all.readUInt32BE(at)) {
    frames.push(all.subarray(at + 4, at + all.readUInt32BE(at)));
  }
  return frames;
}

/** Sends each on a connection of its own; then the hub still serves others. */
async function expectSurvives(
  hub: TestHub,
  streams: fc.Arbitrary<readonly Uint8Array[]>,
  numRuns: number,
) {
  const uncaught = await uncaughtDuring(async () => {
    await fc.assert(
      fc.asyncProperty(streams, async (parts) => {
        const { clientEnd } = hub.rawAmqp();
        clientEnd.on("data", () => {});
        clientEnd.on("error", () => {});
        clientEnd.write(Buffer.concat(parts));
        await new Promise((resolve) => setImmediate(resolve));
        clientEnd.destroy();
      }),
      { numRuns },
    );
    await expectAlive(hub);
  });
  expect(uncaught).toEqual([]);
}

/** Resolves once the hub has settled it or closed the connection. */
async function sendRaw(peer: AmqpPeer, address: string, bytes: Buffer): Promise<void> {
  const link = peer.connection.open_sender({ target: { address } });
  link.once("sendable", () => link.send(bytes, undefined, 0));
  await Promise.race([once(link, "settled"), peer.closed]);
}

/** Sends as many requests as its credit allows, up to 3000, and grants no credit for the replies. */
async function floodCbs(hub: TestHub): Promise<{ sent: number }> {
  const peer = await hub.amqp().opened();
  await peer.openReceiver("$cbs", { credit_window: 0 });
  const { link } = await peer.openSender("$cbs");
  let sent = 0;
  for (let round = 0; round < 10; round++) {
    while (link.sendable() && sent < 3000) link.send({ message_id: sent++, body: "x" });
    // A round trip of another client: any new credit has arrived.
    await expectAlive(hub);
  }
  return { sent };
}

describe("$cbs, which needs no sign-in,", () => {
  it.each([
    ["a boolean", "41"],
    ["a negative int", "54ff"],
    ["a double", "82400921fb54442d18"],
    ["a list", "45"],
    ["a map", "c10100"],
    ["a binary", "a0050102030405"],
    ["a ulong beyond 2^53", "80ffffffffffffffff"],
    ["a timestamp", "83000001932c0a0000"],
    ["a symbol", "a30161"],
    ["null", "40"],
  ])("survives a request whose message id is %s", async (_type, id) => {
    const hub = await createTestHub();
    const uncaught = await uncaughtDuring(async () => {
      const peer = await hub.amqp().opened();
      await peer.openReceiver("$cbs", { autoaccept: true });
      await sendRaw(peer, "$cbs", rawMessage(id));
      await expectAlive(hub);
      await expectAlive(hub);
    });
    expect(uncaught).toEqual([]);
  });

  it("answers a request with the same id when it is a ulong beyond 2^53", async () => {
    const hub = await createTestHub();
    const cbs = await (await hub.amqp().opened()).openCbs();
    const id = Buffer.from("ffffffffffffff01", "hex");
    const reply = await cbs.putToken(HOST, hub.policyToken("service"), {
      message_id: rhea.types.wrap_ulong(id as unknown as number) as unknown as string,
    });
    expect(reply.correlation_id).toEqual(id);
  });

  it("survives a flood of requests whose replies are not read", async () => {
    const hub = await createTestHub();
    const uncaught = await uncaughtDuring(async () => {
      const { sent } = await floodCbs(hub);
      // The hub may accept them all or stop granting credit.
      expect(sent).toBeGreaterThan(0);
      await expectAlive(hub);
    });
    expect(uncaught).toEqual([]);
  });

  it("triggers no listener leak warning while replies wait for credit", async () => {
    const hub = await createTestHub();
    expect(await warningsDuring(() => floodCbs(hub))).toEqual([]);
  });

  it("accepts a request without a reply link", async () => {
    const hub = await createTestHub();
    const uncaught = await uncaughtDuring(async () => {
      const peer = await hub.amqp().opened();
      const sender = await peer.openSender("$cbs");
      expect(await sender.send({ body: "x" })).toEqual({ type: "accepted" });
      await expectAlive(hub);
    });
    expect(uncaught).toEqual([]);
  });

  it("survives a client that disconnects before its reply", async () => {
    const hub = await createTestHub();
    const uncaught = await uncaughtDuring(async () => {
      for (const end of LINK_ENDS) {
        const peer = await hub.amqp().opened();
        const cbs = await peer.openCbs();
        cbs.requests.link.send({ body: "x" });
        peer.end(cbs.replies.link, end);
      }
      await expectAlive(hub);
    });
    expect(uncaught).toEqual([]);
  });
});

describe("a sender", () => {
  it.each(LINK_ENDS)(
    "may close its %s during a burst; messages already received are kept",
    async (end) => {
      const hub = await createTestHub();
      const uncaught = await uncaughtDuring(async () => {
        const { peer } = await hub.connectService();
        const { link } = await peer.openSender("/messages/devicebound");
        for (let n = 0; n < 20; n++) link.send({ to: n % 2 ? TO : "nowhere", body: "x" });
        await hub.log.reached("enqueued", 3);
        peer.end(link, end);
        await expectAlive(hub);
      });
      expect(uncaught).toEqual([]);
      expect(hub.log.of("enqueued").length).toBeGreaterThanOrEqual(4);
    },
  );

  it("may close its links before its token expires", async () => {
    const hub = await createTestHub();
    const uncaught = await uncaughtDuring(async () => {
      const { peer } = await hub.connectService();
      for (const address of ["/messages/devicebound", "/messages/devicebound"]) {
        const { link } = await peer.openSender(address);
        link.close();
        await once(link, "sender_close");
      }
      const { link } = await peer.openReceiver("/messages/serviceBound/feedback");
      link.close();
      await once(link, "receiver_close");
      hub.clock.advance(3_600_000);
      await peer.openCbs();
    });
    expect(uncaught).toEqual([]);
  });
});

describe("malformed messages", () => {
  it.each([
    ["random bytes", "deadbeef"],
    ["a truncated section", "005373c0ff01"],
    ["a properties section that is a string", "005373a10161"],
    ["an unknown section", "0053ff45"],
    ["application properties that are a list", "00537445"],
    ["deeply nested lists", `005377${"c0ff01".repeat(20)}`],
    ["an array of two billion nulls", `005377${MANY_NULLS}`],
    ["nested lists of millions of items", `005377${MANY_ITEMS.repeat(40)}`],
    ["many arrays of more nulls than bytes", `005377d00000ffff00001000${SOME_NULLS.repeat(4096)}`],
    ["no bytes", ""],
  ])("do not affect other clients: %s", async (_what, hex) => {
    const hub = await createTestHub();
    const uncaught = await uncaughtDuring(async () => {
      const { peer } = await hub.connectService();
      await sendRaw(peer, "/messages/devicebound", Buffer.from(hex, "hex"));
      await sendRaw(await hub.amqp().opened(), "$cbs", Buffer.from(hex, "hex"));
      await expectAlive(hub);
      await expectAlive(hub);
    });
    expect(uncaught).toEqual([]);
  });
});

describe("malformed frames", () => {
  it.each([0, 1, 4, 7, 8])("a frame of size %d does not hang the hub", async (size) => {
    const hub = await createTestHub();
    const { clientEnd } = hub.rawAmqp();
    const frame = Buffer.alloc(64);
    frame.writeUInt32BE(size, 0);
    const uncaught = await uncaughtDuring(async () => {
      clientEnd.on("data", () => {});
      clientEnd.write(Buffer.concat([HEADER, frame]));
      await expectAlive(hub);
    });
    expect(uncaught).toEqual([]);
  });

  it.each([
    ["an array of two billion nulls", MANY_NULLS],
    ["nested lists of millions of items", MANY_ITEMS.repeat(40)],
    ["lists nested thousands of times", "c0ff01".repeat(20_000)],
    ["descriptors nested thousands of times", "00".repeat(60_000)],
  ])("%s: the hub closes the connection", async (_what, value) => {
    const hub = await createTestHub();
    const { clientEnd, hubEnd } = hub.rawAmqp();
    const uncaught = await uncaughtDuring(async () => {
      clientEnd.on("data", () => {});
      clientEnd.write(
        Buffer.concat([HEADER, frameOf(Buffer.from(`02000000005310${value}`, "hex"))]),
      );
      await expectAlive(hub);
    });
    expect(uncaught).toEqual([]);
    expect(hubEnd.destroyed).toBe(true);
  });

  it("a frame above the announced maximum size closes the connection before it is complete", async () => {
    const hub = await createTestHub();
    const { clientEnd } = hub.rawAmqp();
    let isClosed = false;
    clientEnd.on("data", () => {});
    clientEnd.once("end", () => {
      isClosed = true;
    });
    clientEnd.write(Buffer.concat([HEADER, Buffer.from("7fffffff02000000", "hex")]));
    const megabyte = Buffer.alloc(1024 * 1024);
    let sent = 0;
    while (!isClosed && sent < 16) {
      await new Promise<void>((resolve) => clientEnd.write(megabyte, () => resolve()));
      sent++;
    }
    expect(sent).toBeLessThan(16);
  });

  it("arbitrary bytes do not crash the hub", async () => {
    const sasl = Buffer.from("AMQP\u0003\u0001\u0000\u0000", "latin1");
    const header = fc.constantFrom(HEADER, sasl, Buffer.alloc(0));
    const frame = fc
      .uint8Array({ maxLength: 60 })
      .map((body) => frameOf(Buffer.from([2, body.length % 2, 0, 0, ...body])));
    const streams = fc
      .tuple(header, fc.array(frame, { maxLength: 4 }))
      .map(([first, frames]) => [first, ...frames]);
    await expectSurvives(await createTestHub(), streams, 200);
  });

  it("valid frames with altered bytes do not crash the hub", async () => {
    const hub = await createTestHub();
    const recorded = await recordFrames(hub);
    expect(recorded.length).toBeGreaterThan(8);
    const alteration = fc.record({
      frame: fc.nat(recorded.length - 1),
      place: fc.nat(),
      removed: fc.nat(4),
      added: fc.uint8Array({ maxLength: 12 }),
    });
    const streams = alteration.map(({ frame, place, removed, added }) => {
      const frames = recorded.map((bytes, index) => {
        const altered = [...bytes];
        if (index === frame) altered.splice(place % bytes.length, removed, ...added);
        return frameOf(Buffer.from(altered));
      });
      return [HEADER, ...frames];
    });
    await expectSurvives(hub, streams, 300);
  });
});

describe("an unfinished message", () => {
  const PART = {
    handle: 0,
    delivery_id: 0,
    delivery_tag: Buffer.of(0),
    message_format: 0,
    more: true,
  };

  /** Without a sign-in, a link to $cbs. */
  async function attachToCbs(hub: TestHub) {
    const { clientEnd, hubEnd } = hub.rawAmqp();
    const peer = new RawAmqp(clientEnd);
    await peer.open();
    await peer.attachSender(0, "$cbs");
    return { peer, hubEnd };
  }

  it("may begin without content", async () => {
    const hub = await createTestHub();
    const uncaught = await uncaughtDuring(async () => {
      const { peer } = await attachToCbs(hub);
      peer.send("transfer", PART);
      await expectAlive(hub);
    });
    expect(uncaught).toEqual([]);
  });

  it("of too many small parts ends the connection", async () => {
    const { peer, hubEnd } = await attachToCbs(await createTestHub());
    let sent = 0;
    for (; sent < 100_000 && !hubEnd.destroyed; sent++) {
      peer.send("transfer", PART, Buffer.of(0));
      if (sent % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sent).toBeLessThan(100_000);
  });
});

// Rule amqp-open-timeout.
describe("the time limit for opening a connection", () => {
  it.each([
    ["the first byte", "A"],
    ["the AMQP header", "AMQP\u0000\u0001\u0000\u0000"],
    ["the SASL header", "AMQP\u0003\u0001\u0000\u0000"],
  ])("closes a connection 30 seconds after it sent only %s", async (_where, text) => {
    const hub = await createTestHub();
    const { clientEnd, hubEnd } = hub.rawAmqp();
    clientEnd.on("data", () => {});
    clientEnd.write(Buffer.from(text, "latin1"));
    await new Promise((resolve) => setImmediate(resolve));
    hub.clock.advance(29_999);
    expect(hubEnd.destroyed).toBe(false);
    hub.clock.advance(1);
    expect(hubEnd.destroyed).toBe(true);
  });

  it("does not apply to an open connection", async () => {
    const hub = await createTestHub();
    const peer = await hub.amqp().opened();
    hub.clock.advance(30_000);
    await peer.openCbs();
  });
});

it("the hub survives a thousand sessions and links on one connection", async () => {
  const { hub, peer } = await connectTestService();
  const links = [];
  for (let n = 0; n < 1000; n++) {
    const session = peer.connection.create_session();
    session.begin();
    links.push(session.open_sender("/messages/devicebound"));
  }
  await Promise.all(links.map((link) => once(link, "sender_open")));
  peer.destroy();
  await expectAlive(hub);
});
