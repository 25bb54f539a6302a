import { once } from "node:events";
import { readFileSync } from "node:fs";
import net from "node:net";
import tls, { type ConnectionOptions } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { findRunningHub } from "../../../src/cli/local/find-running-hub.ts";
import { probe } from "../../../src/client/connection/probe.ts";
import { startHomeHub } from "../../../src/hub/home-hub.ts";
import { HandshakeLog } from "../../../src/hub/listener/handshakes.ts";
import type { LocalHub } from "../../../src/hub/local-hub.ts";
import { HubEventStream } from "../../../src/hub/model/events.ts";
import { createDuplexPair } from "../../support/duplex-pair.ts";
import { EventLog } from "../../support/event-log.ts";
import { startHubForTest, temporaryDirectory } from "../../support/local-hub.ts";
import { TestClock } from "../../support/test-clock.ts";

function addressOf(hub: LocalHub) {
  return { host: "127.0.0.1", port: hub.ports[0] ?? 0 };
}

/** Connects as a Node client does, and resolves once the connection is closed. */
async function connectTls(hub: LocalHub, options: ConnectionOptions = {}): Promise<void> {
  const socket = tls.connect({ ...addressOf(hub), servername: "localhost", ...options });
  socket.on("error", () => {});
  socket.on("secureConnect", () => socket.end());
  socket.resume();
  await closed(socket);
}

/** Opens a TCP connection, and resolves once it is closed by either side. */
async function connectTcp(hub: LocalHub, act: (socket: net.Socket) => void): Promise<void> {
  const socket = net.connect(addressOf(hub));
  socket.on("error", () => {});
  socket.on("connect", () => act(socket));
  socket.resume();
  await closed(socket);
}

/** Unlike `once`, does not reject on an error. */
function closed(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

/** The first bytes of a TLS client. */
async function clientHello(): Promise<Buffer> {
  const [clientEnd, serverEnd] = createDuplexPair();
  const socket = tls.connect({ socket: clientEnd, servername: "localhost" });
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  const [hello] = (await once(serverEnd, "data")) as [Buffer];
  return hello;
}

/** A fatal alert: unknown_ca (RFC 8446, 6.2). */
const UNKNOWN_CA = Buffer.from([21, 3, 3, 0, 2, 2, 48]);

/** A round trip: the hub has handled everything before it. */
async function settle(hub: LocalHub): Promise<void> {
  await connectTls(hub, { ca: readFileSync(hub.caFile) });
}

describe("a failed handshake is reported with the client's address and a hint", () => {
  test("for a Node client that does not trust the hub", async () => {
    const hub = await startHubForTest();
    const log = new EventLog(hub);
    await connectTls(hub);
    expect(await log.reached("handshakeFailed")).toEqual({
      type: "handshakeFailed",
      remoteAddress: "127.0.0.1",
      cause: "aborted",
      reason: expect.stringContaining("as Node clients do when they do not trust"),
      hint: expect.stringMatching(/NODE_EXTRA_CA_CERTS.*SSL_CERT_FILE.*c2d-hub env/),
      count: 1,
    });
  });

  test("for a client that reports that it does not trust the hub", async () => {
    const hub = await startHubForTest();
    const log = new EventLog(hub);
    const hello = await clientHello();
    await connectTcp(hub, (socket) => {
      socket.write(hello);
      socket.once("data", () => socket.end(UNKNOWN_CA));
    });
    expect(await log.reached("handshakeFailed")).toMatchObject({
      remoteAddress: "127.0.0.1",
      cause: "untrusted",
      hint: expect.stringContaining("SSL_CERT_FILE"),
    });
  });

  test.each([
    ["HTTP", "GET / HTTP/1.1\r\n\r\n"],
    ["MQTT", "\u0010\u000c\u0000\u0004MQTT\u0004\u0002\u0000<"],
    ["AMQP", "AMQP\u0000\u0001\u0000\u0000"],
  ])("for a client that uses %s without TLS", async (_protocol, first) => {
    const hub = await startHubForTest();
    const log = new EventLog(hub);
    await connectTcp(hub, (socket) => socket.write(Buffer.from(first, "latin1")));
    expect(await log.reached("handshakeFailed")).toMatchObject({
      remoteAddress: "127.0.0.1",
      cause: "plainText",
      hint: expect.stringMatching(/TLS.*mqtts, amqps or https/),
    });
  });

  test("for a client with an old version of TLS", async () => {
    const hub = await startHubForTest();
    const log = new EventLog(hub);
    const ciphers = "ALL:@SECLEVEL=0";
    await connectTls(hub, { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers });
    expect(await log.reached("handshakeFailed")).toMatchObject({ cause: "incompatible" });
  });
});

describe("no failed handshake is reported for", () => {
  test.each<[string, (hub: LocalHub) => Promise<unknown>]>([
    [
      "a connection closed before its first byte",
      (hub) => connectTcp(hub, (socket) => socket.end()),
    ],
    ["a connection destroyed at once", (hub) => connectTcp(hub, (socket) => socket.destroy())],
    ["a connection reset at once", (hub) => connectTcp(hub, (socket) => socket.resetAndDestroy())],
    [
      "an incomplete ClientHello",
      async (hub) => {
        const hello = await clientHello();
        await connectTcp(hub, (socket) => socket.end(hello.subarray(0, 20)));
      },
    ],
    [
      "a connection closed after the handshake",
      (hub) => connectTls(hub, { ca: readFileSync(hub.caFile) }),
    ],
    [
      "a probe that succeeds",
      (hub) => probe(addressOf(hub), [readFileSync(hub.caFile, "utf8")], performance.now() + 5000),
    ],
    [
      "a probe that does not trust the hub",
      (hub) => probe(addressOf(hub), [], performance.now() + 5000),
    ],
  ])("%s", async (_what, act) => {
    const hub = await startHubForTest();
    const log = new EventLog(hub);
    for (const _ of [1, 2, 3]) await act(hub);
    await settle(hub);
    expect(log.of("handshakeFailed")).toEqual([]);
  });

  test("finding a running hub, or a connection that the hub closes when it stops", async () => {
    const directory = temporaryDirectory();
    const hub = await startHomeHub({ directory, ports: [0], isInMemory: true });
    const log = new EventLog(hub);
    expect(await findRunningHub(directory)).toBeDefined();
    const hello = await clientHello();
    const socket = net.connect(addressOf(hub));
    socket.write(hello);
    await once(socket, "data");
    socket.on("error", () => {});
    const isClosed = closed(socket);
    await hub.stop();
    await isClosed;
    expect(log.of("handshakeFailed")).toEqual([]);
  });
});

describe("repeated failures from one address", () => {
  /** No write is pending that an event would wait for. */
  const AT_ONCE = { onceDurable: (act: () => void) => act() };
  const failure = { cause: "aborted", reason: "r", hint: "h" } as const;

  test("are reported once in 30 s with their number, and all counted", () => {
    const clock = new TestClock(0);
    const events = new HubEventStream(AT_ONCE, clock);
    const [reported, log] = [new EventLog(events), new HandshakeLog(events, clock)];
    for (let n = 0; n < 10; n += 1) {
      log.add("127.0.0.1", failure);
      clock.advance(2900);
    }
    expect(reported.of("handshakeFailed").map(({ count }) => count)).toEqual([1]);
    clock.advance(2000);
    log.add("127.0.0.1", failure);
    expect(reported.of("handshakeFailed").map(({ count }) => count)).toEqual([1, 10]);
    expect(log.refused).toBe(11);
  });

  test("do not hide other failures, or those from other addresses", () => {
    const clock = new TestClock(0);
    const events = new HubEventStream(AT_ONCE, clock);
    const [reported, log] = [new EventLog(events), new HandshakeLog(events, clock)];
    log.add("127.0.0.1", failure);
    log.add("127.0.0.1", { ...failure, cause: "plainText" });
    log.add("10.0.0.1", failure);
    expect(reported.of("handshakeFailed")).toHaveLength(3);
  });
});
