import { once } from "node:events";
import type { Message as AmqpMessage, Receiver, Session } from "rhea";
import { describe, expect, it } from "vitest";
import { type AmqpPeer, AmqpReceiver, AmqpSender, Cbs } from "../../support/amqp-peer.ts";
import { bodyOf, partitionAddress, sendTelemetry } from "../../support/event-hub.ts";
import { createTestHub, HOST, type TestHub, type TestHubOptions } from "../../support/test-hub.ts";
import { stable } from "../support/stable.ts";

const MANAGEMENT = "messages/$management";
const REQUEST = {
  application_properties: { operation: "READ", type: "com.microsoft:eventhub", name: "messages" },
  body: undefined,
};

function begin({ connection }: AmqpPeer): Session {
  const session = connection.create_session();
  session.begin();
  return session;
}

async function openReplies(session: Session, address: string, options: object = {}) {
  const link = session.open_receiver({ source: { address }, ...options });
  const receiver = new AmqpReceiver(link);
  await once(link, "receiver_open");
  return receiver;
}

async function openRequests(session: Session, address: string) {
  const link = session.open_sender({ target: { address } });
  await once(link, "sendable");
  return new AmqpSender(link);
}

async function openCbs(session: Session, name: string): Promise<Cbs> {
  const replies = await openReplies(session, "$cbs", { name });
  return new Cbs(await openRequests(session, "$cbs"), replies);
}

async function connect(options: TestHubOptions = {}) {
  const hub = await createTestHub(options);
  const peer = await hub.amqp({ username: "anonymous" }).opened();
  return { hub, peer };
}

/** Signs in over a separate session. */
async function connectService(hub: TestHub, options: object = {}): Promise<AmqpPeer> {
  const peer = await hub.amqp(options).opened();
  await (await openCbs(begin(peer), "sign-in")).putToken(HOST, hub.policyToken("service"));
  return peer;
}

/** The name of the receiver that gets the next message. */
function firstToReceive(receivers: Readonly<Record<string, Receiver>>): Promise<string> {
  return Promise.race(
    Object.entries(receivers).map(([name, link]) => once(link, "message").then(() => name)),
  );
}

// Rules amqp-cbs, event-management.
describe("a client with several sessions (Event Hubs)", () => {
  it("signs in, queries $management and reads partitions, each over its own session", async () => {
    const { hub, peer } = await connect();
    const cbs = await openCbs(begin(peer), "cbs-1");
    for (const entity of ["$management", "ConsumerGroups/$Default/Partitions/2"]) {
      const resource = `sb://${HOST}:5671/messages/${entity}`;
      const token = hub.policyToken("service", { resource });
      const { application_properties } = await cbs.putToken(resource, token, { reply_to: "cbs-1" });
      expect(application_properties).toMatchObject({ "status-code": 200 });
    }
    const management = begin(peer);
    const replies = await openReplies(management, MANAGEMENT, { name: "replies" });
    const requests = await openRequests(management, MANAGEMENT);
    requests.link.send({ ...REQUEST, message_id: "q", reply_to: "replies" });
    expect((await replies.next()).message.correlation_id).toBe("q");
    const readers = await Promise.all(
      [begin(peer), begin(peer)].map((session) => openReplies(session, partitionAddress("2"))),
    );
    expect(await sendTelemetry(hub, ["x"])).toBe("2");
    for (const reader of readers) expect(bodyOf((await reader.next()).message)).toBe("x");
  });

  it("keeps using the others when one of them ends", async () => {
    const { hub, peer } = await connect();
    const first = await openCbs(begin(peer), "cbs-1");
    await first.putToken(HOST, hub.policyToken("service"));
    const [kept, ended] = [
      await openReplies(begin(peer), partitionAddress("2")),
      await openReplies(begin(peer), partitionAddress("2")),
    ];
    for (const { link } of [ended, first.replies]) {
      const closed = once(link.session, "session_close");
      link.session.close();
      await closed;
    }
    await sendTelemetry(hub, ["x"]);
    expect(bodyOf((await kept.next()).message)).toBe("x");
    const again = await openCbs(begin(peer), "cbs-2");
    const { correlation_id } = await again.putToken(HOST, hub.policyToken("service"));
    expect(correlation_id).toBe("request-1");
  });
});

describe("a reply", () => {
  it.each(["$cbs", MANAGEMENT])("from %s goes to the session of its request", async (address) => {
    const peer = await connectService(await createTestHub());
    const sessions = [begin(peer), begin(peer), begin(peer)];
    // uamqp uses the same link names in each session.
    const links = await Promise.all(
      sessions.map((session) => openReplies(session, address, { name: `${address}-receiver` })),
    );
    const receivers = Object.fromEntries(links.map(({ link }, n) => [String(n), link]));
    for (const n of [2, 0, 1]) {
      const session = sessions[n] as Session;
      const { link } = await openRequests(session, address);
      for (const reply_to of [undefined, "cbs", `${address}-receiver`]) {
        const receiver = firstToReceive(receivers);
        link.send({ ...REQUEST, message_id: "q", ...(reply_to !== undefined && { reply_to }) });
        expect(await receiver).toBe(String(n));
      }
    }
  });

  it.each(["$cbs", MANAGEMENT])("from %s goes to the link named in reply-to", async (address) => {
    const peer = await connectService(await createTestHub());
    const own = begin(peer);
    const receivers = {
      own: (await openReplies(own, address, { name: "own" })).link,
      sibling: (await openReplies(own, address, { name: "sibling" })).link,
      foreign: (await openReplies(begin(peer), address, { name: "foreign" })).link,
    };
    const { link } = await openRequests(own, address);
    for (const reply_to of ["foreign", "own", "sibling", "foreign"]) {
      const receiver = firstToReceive(receivers);
      link.send({ ...REQUEST, message_id: "q", reply_to });
      expect(await receiver).toBe(reply_to);
    }
  });
});

describe("replies that wait for credit", () => {
  /** A client whose requests have been accepted, and which has granted no credit for the replies. */
  async function sendRequests(count: number) {
    const hub = await createTestHub();
    const peer = await connectService(hub);
    const session = begin(peer);
    const replies = await openReplies(session, MANAGEMENT, { credit_window: 0 });
    const { link } = await openRequests(session, MANAGEMENT);
    let settled = 0;
    link.on("settled", () => settled++);
    for (let n = 0; n < count; n++) link.send({ ...REQUEST, message_id: n });
    // The replies are ready some ticks later.
    expect(await stable(() => settled)).toBe(count);
    return { hub, session, replies, link };
  }

  function ids(messages: readonly AmqpMessage[]): unknown[] {
    return messages.map(({ correlation_id }) => correlation_id);
  }

  it("do not block other links", async () => {
    const { hub, session, replies } = await sendRequests(5);
    replies.link.add_credit(1);
    expect((await replies.next()).message.correlation_id).toBe(0);
    const reader = await openReplies(session, partitionAddress("2"));
    await sendTelemetry(hub, ["x"]);
    expect(bodyOf((await reader.next()).message)).toBe("x");
    replies.link.add_credit(4);
    const rest = [];
    while (rest.length < 4) rest.push((await replies.next()).message);
    expect(ids(rest)).toEqual([1, 2, 3, 4]);
  });

  it("are dropped when their link closes, and the sender gets credit again", async () => {
    const { replies, link } = await sendRequests(100);
    expect(link.sendable()).toBe(false);
    const sendable = once(link, "sendable");
    replies.link.close();
    await sendable;
  });

  it("are not blocked by closed links that left theirs unsettled", async () => {
    const hub = await createTestHub();
    // The client has room for all of them: only the hub's side could fill up.
    const peer = await connectService(hub, { session_buffer_size: 10_000 });
    const { link } = await peer.openSender(MANAGEMENT);
    const unsettled = { autoaccept: false, autosettle: false, credit_window: 100 };
    for (let round = 0; round < 30; round++) {
      const replies = await peer.openReceiver(MANAGEMENT, unsettled);
      for (let n = 0; n < 80; n++) link.send({ ...REQUEST, message_id: n });
      for (let n = 0; n < 80; n++) {
        expect((await replies.next()).message.correlation_id).toBe(n);
      }
      const closed = once(replies.link, "receiver_close");
      replies.link.close();
      await closed;
    }
  });
});
