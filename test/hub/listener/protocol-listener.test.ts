import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import tls, { type TLSSocket } from "node:tls";
import mqtt from "mqtt-packet";
import { describe, expect, it, onTestFinished } from "vitest";
import { ManualClock } from "../../../src/async/clock.ts";
import { PortUnavailable } from "../../../src/hub/listener/port-unavailable.ts";
import type { LocalHub } from "../../../src/hub/local-hub.ts";
import { startLocalHub } from "../../../src/hub/local-hub.ts";
import { startHubForTest } from "../../support/local-hub.ts";
import { uncaughtDuring } from "../../support/uncaught.ts";

async function connectTls(hub: LocalHub): Promise<TLSSocket> {
  const socket = tls.connect({
    host: "127.0.0.1",
    port: hub.ports[0] ?? 0,
    servername: "localhost",
    rejectUnauthorized: false,
  });
  socket.on("error", () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, "secureConnect");
  return socket;
}

async function connectTcp(hub: LocalHub): Promise<net.Socket> {
  const socket = net.connect({ host: "127.0.0.1", port: hub.ports[0] ?? 0 });
  socket.on("error", () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, "connect");
  return socket;
}

async function firstAnswer(socket: TLSSocket): Promise<string> {
  const [chunk] = (await once(socket, "data")) as [Buffer];
  return chunk.toString("latin1");
}

const PROTOCOLS: [name: string, first: Buffer, answer: string][] = [
  [
    "MQTT",
    mqtt.generate({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      clientId: "x",
      clean: true,
      keepalive: 0,
      username: "localhost/x",
    }),
    "\u0020\u0002\u0000\u0005",
  ],
  ["AMQP", Buffer.from("AMQP\u0000\u0001\u0000\u0000", "latin1"), "AMQP\u0000"],
  ["AMQP with SASL", Buffer.from("AMQP\u0003\u0001\u0000\u0000", "latin1"), "AMQP\u0003"],
  ["HTTP", Buffer.from("GET /devices/x HTTP/1.1\r\nHost: localhost\r\n\r\n"), "HTTP/1.1 401"],
];

describe("one port serves every protocol", () => {
  it.each(PROTOCOLS)("%s", async (_name, first, answer) => {
    const socket = await connectTls(await startHubForTest());
    socket.write(first);
    expect((await firstAnswer(socket)).slice(0, answer.length)).toBe(answer);
  });

  it.each(PROTOCOLS)("%s, even when its first byte arrives alone", async (_name, first, answer) => {
    const hub = await startHubForTest();
    const socket = await connectTls(hub);
    socket.setNoDelay(true);
    await new Promise((resolve) => socket.write(first.subarray(0, 1), resolve));
    // Another connection's round trip: the first byte has been read by then.
    const other = await connectTls(hub);
    other.write(PROTOCOLS[3]?.[1] ?? "");
    await firstAnswer(other);
    socket.write(first.subarray(1));
    expect((await firstAnswer(socket)).slice(0, answer.length)).toBe(answer);
  });
});

/** Those open in this process. */
function servers(): number {
  return process.getActiveResourcesInfo().filter((type) => type === "TCPServerWrap").length;
}

describe("a port that is in use", () => {
  it("is reported as PortUnavailable with its number, and nothing stays open", async () => {
    const server = net.createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const before = servers();
    const failed = startLocalHub({ port });
    await expect(failed).rejects.toThrowError(PortUnavailable);
    await expect(failed).rejects.toMatchObject({
      port,
      message: expect.stringContaining(`${port}`),
    });
    // Node closes a server that cannot listen in a later step.
    await expect.poll(servers).toBeLessThanOrEqual(before);
  });
});

describe("a client without valid TLS", () => {
  it.each([
    ["plain HTTP", "GET / HTTP/1.1\r\n\r\n"],
    ["plain MQTT", "\u0010\u000c\u0000\u0004MQTT\u0004\u0002\u0000<"],
    ["zeros", "\0".repeat(64)],
    ["a truncated TLS record", "\u0016\u0003\u0001\u0002\u0000\u0001"],
  ])("does no harm: %s", async (_what, text) => {
    const hub = await startHubForTest();
    const uncaught = await uncaughtDuring(async () => {
      const socket = await connectTcp(hub);
      socket.end(Buffer.from(text, "latin1"));
      socket.resume();
      await once(socket, "close");
      await expectServing(hub);
    });
    expect(uncaught).toEqual([]);
  });
});

describe("after the TLS handshake", () => {
  it.each([
    ["garbage", "\u00ff\u00fe\u0000\u0001".repeat(100)],
    ["a second handshake", "\u0016\u0003\u0001\u0000\u00a5"],
    ["an AMQP header of another version", "AMQP\u0000\u0009\u0009\u0009"],
    ["almost AMQP", "AMQX\u0000\u0001\u0000\u0000"],
    ["MQTT that is not CONNECT", "\u0030\u0005\u0000\u0003abc"],
    ["an endless HTTP header", `GET / HTTP/1.1\r\nA: ${"x".repeat(100_000)}`],
    ["an unknown HTTP method", "BREW / HTTP/1.1\r\n\r\n"],
    [
      "an HTTP path that cannot be decoded",
      "GET /devices/%E0%A4%A HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ],
    ["an HTTP request for *", "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"],
    ["an HTTP CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n"],
    [
      "an HTTP upgrade to an unknown protocol",
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
    ],
    [
      "a WebSocket without a key",
      "GET /$iothub/websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    ],
  ])(
    "%s closes only its own connection",
    async (_what, text) => {
      const hub = await startHubForTest();
      const uncaught = await uncaughtDuring(async () => {
        const socket = await connectTls(hub);
        socket.resume();
        socket.write(Buffer.from(text, "latin1"));
        await once(socket, "close");
        await expectServing(hub);
      });
      expect(uncaught).toEqual([]);
    },
    8000,
  );

  it("a client that disconnects at any point does no harm", async () => {
    const hub = await startHubForTest();
    const uncaught = await uncaughtDuring(async () => {
      for (const [, first] of PROTOCOLS) {
        for (const length of [0, 1, 5]) {
          const socket = await connectTls(hub);
          if (length > 0)
            await new Promise((done) => socket.write(first.subarray(0, length), done));
          socket.destroy();
        }
      }
      const raw = await connectTcp(hub);
      raw.resetAndDestroy();
      await expectServing(hub);
    });
    expect(uncaught).toEqual([]);
  });

  it("two hundred connections at once are served", async () => {
    const hub = await startHubForTest();
    const sockets = await Promise.all(Array.from({ length: 200 }, () => connectTls(hub)));
    const [, http, answer] = PROTOCOLS[3] ?? ["", Buffer.alloc(0), ""];
    const answers = sockets.map(async (socket) => {
      socket.write(http);
      return firstAnswer(socket);
    });
    for (const one of await Promise.all(answers)) expect(one).toContain(answer);
    for (const socket of sockets) socket.destroy();
  });
});

describe("stopping", () => {
  it.each([
    ["before TLS", async (hub: LocalHub) => void (await connectTcp(hub))],
    ["after the TLS handshake", async (hub: LocalHub) => void (await connectTls(hub))],
    [
      "with half an HTTP request",
      async (hub: LocalHub) => void (await connectTls(hub)).write("GET / HT"),
    ],
    [
      "with half an MQTT packet",
      async (hub: LocalHub) => void (await connectTls(hub)).write("\u0010\u0050abc"),
    ],
    [
      "with half an AMQP header",
      async (hub: LocalHub) => void (await connectTls(hub)).write("AMQP"),
    ],
  ])("does not wait for a connection %s", async (_when, connect) => {
    // No time limit closes the connection: the hub's clock does not advance, and sockets have 30 s.
    const hub = await startHubForTest({ clock: new ManualClock(Date.now()) });
    await connect(hub);
    await expectServing(hub);
    await hub.stop();
  });
});

async function expectServing(hub: LocalHub): Promise<void> {
  const socket = await connectTls(hub);
  socket.write("GET /devices/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  expect(await firstAnswer(socket)).toContain("HTTP/1.1 401");
  socket.destroy();
}
