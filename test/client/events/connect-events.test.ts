import { readFileSync } from "node:fs";
import rhea, { type Sender } from "rhea";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createDeferred } from "../../../src/async/deferred.ts";
import { EventCursor } from "../../../src/client/connection/event-cursor.ts";
import type { EventHubAddress } from "../../../src/client/connection/event-hub-address.ts";
import type { EntraCredential } from "../../../src/client/connection/service-sign-in.ts";
import type { ClientError } from "../../../src/client/errors/client-error.ts";
import {
  connectEvents,
  type EventConnection,
  type EventConnectOptions,
} from "../../../src/client/events/connect-events.ts";
import {
  type EventListenerEvent,
  type EventListenerOptions,
  runEventListener,
} from "../../../src/client/events/event-listener.ts";
import { type ReceivedEvent, toReceivedEvent } from "../../../src/client/events/received-event.ts";
import { connectService } from "../../../src/client/service/connect-service.ts";
import type { ServiceConnectOptions } from "../../../src/client/service/service-connection.ts";
import {
  parseEventHubConnectionString,
  parseHubConnectionString,
  splitHostPort,
} from "../../../src/core/connection-string.ts";
import { startHomeHub } from "../../../src/hub/home-hub.ts";
import type { LocalHub } from "../../../src/hub/local-hub.ts";
import { Inbox } from "../../support/inbox.ts";
import { freePort, startHubForTest, temporaryDirectory } from "../../support/local-hub.ts";
import { warningsDuring } from "../../support/warnings.ts";
import {
  creditOf,
  type EventHubScript,
  eventMessage,
  type ScriptedEventHub,
  startScriptedEventHub,
} from "../support/scripted-event-hub.ts";
import { startSilentServer } from "../support/silent-server.ts";
import { openTelemetryDevice } from "../support/telemetry-device.ts";
import { timersLeftBy } from "../support/timers.ts";

const TRANSPORTS = ["amqp", "amqp-ws"] as const;

interface Place {
  readonly address: EventHubAddress;
  readonly signIn: EventConnectOptions["signIn"];
  readonly ca?: string;
}

function placeOf(hub: LocalHub): Place {
  const signIn = parseEventHubConnectionString(hub.eventHubConnectionString);
  const { hostName, entityPath } = signIn;
  return {
    address: { ...splitHostPort(hostName), entityPath },
    signIn,
    ca: readFileSync(hub.caFile, "utf8"),
  };
}

function at(port: number, ca?: string): Place {
  const hostName = `localhost:${port}`;
  return {
    address: { host: "localhost", port, entityPath: "events" },
    signIn: parseEventHubConnectionString(
      `Endpoint=sb://${hostName}/;SharedAccessKeyName=service;SharedAccessKey=c2VjcmV0;EntityPath=events`,
    ),
    ...(ca !== undefined && { ca }),
  };
}

async function scripted(script?: EventHubScript): Promise<ScriptedEventHub & { place: Place }> {
  const hub = await startScriptedEventHub(script);
  onTestFinished(() => hub.stop());
  return { ...hub, place: at(hub.port, hub.ca) };
}

async function localHub() {
  const hub = await startHubForTest({ devices: ["device1"], consumerGroups: ["second"] });
  const place = placeOf(hub);
  const device = () => openTelemetryDevice(hub.deviceConnectionString("device1"), place.ca ?? "");
  return { hub, place, device };
}

interface Reader {
  readonly connection: EventConnection;
  readonly events: Inbox<ReceivedEvent>;
  readonly disconnected: Promise<ClientError>;
}

async function connect(place: Place, options: Partial<EventConnectOptions> = {}): Promise<Reader> {
  const events = new Inbox<ReceivedEvent>();
  const disconnected = createDeferred<ClientError>();
  const connection = await connectEvents({
    ...place,
    consumerGroup: "$Default",
    transport: "amqp",
    connectTimeoutMs: 5000,
    cursor: new EventCursor({ type: "latest" }),
    onEvent: async (event) => events.push(event),
    onDisconnect: disconnected.resolve,
    ...options,
  });
  onTestFinished(() => connection.close());
  return { connection, events, disconnected: disconnected.promise };
}

/** Polls until the condition holds, within the test's time limit. */
const until = (isSo: () => boolean): Promise<unknown> =>
  vi.waitUntil(isSo, { timeout: 120_000, interval: 2 });

const textOf = ({ body }: ReceivedEvent): string => Buffer.from(body).toString();

async function take(events: Inbox<ReceivedEvent>, count: number): Promise<string[]> {
  return (await events.take(count)).map(textOf);
}

describe("finding the event hub", () => {
  async function find(
    hostName: string,
    ca: string,
    options: Partial<ServiceConnectOptions> = {},
  ): Promise<EventHubAddress> {
    const connection = await connectService({
      signIn: parseHubConnectionString(
        `HostName=${hostName};SharedAccessKeyName=service;SharedAccessKey=c2VjcmV0`,
      ),
      transport: "amqp",
      ca,
      connectTimeoutMs: 5000,
      onDisconnect: () => {},
      ...options,
    });
    onTestFinished(() => connection.close());
    return await connection.findEventHub();
  }

  it.each(TRANSPORTS)("asks the hub, over %s", async (transport) => {
    const { hub, place } = await localHub();
    const signIn = parseHubConnectionString(hub.connectionString);
    const address = await find(signIn.hostName, place.ca ?? "", { signIn, transport });
    expect(address).toEqual({ host: "localhost", port: hub.ports[0], entityPath: "messages" });
  });

  it("follows the redirect", async () => {
    const { port, ca } = await scripted({
      onRedirectLink: (sender) =>
        sender.close({
          condition: "amqp:link:redirect",
          info: {
            hostname: "elsewhere.example",
            port: rhea.types.wrap_uint(5671),
            address: "amqps://elsewhere.example:5671/other/$management",
          },
        } as never),
    });
    const address = await find(`localhost:${port}`, ca);
    expect(address).toEqual({ host: "elsewhere.example", entityPath: "other" });
  });

  it.each([
    ["refuses", "amqp:unauthorized-access", "IotHubUnauthorized"],
    ["fails", "amqp:internal-error", "ServerError"],
  ])("reports that the hub %s", async (_how, condition, name) => {
    const { port, ca } = await scripted({
      onRedirectLink: (sender) => sender.close({ condition }),
    });
    await expect(find(`localhost:${port}`, ca)).rejects.toMatchObject({ name });
  });

  it("times out when the hub does not respond", async () => {
    const { port, ca } = await scripted({
      onRedirectLink: (sender) => sender.set_source(sender.source),
    });
    const finding = find(`localhost:${port}`, ca, { connectTimeoutMs: 2000 });
    await expect(finding).rejects.toMatchObject({ name: "ServiceUnavailable" });
  });
});

describe.each(TRANSPORTS)("reading over %s", (transport) => {
  it("returns events in order, with all their properties", async () => {
    const { place, device } = await localHub();
    const { events, connection } = await connect(place, { transport });
    expect(connection.partitionIds).toEqual(["0", "1", "2", "3"]);
    const { send } = await device();
    await send("one", "two", Buffer.from([0xff, 0x00]));
    const [one, two, three] = [await events.next(), await events.next(), await events.next()];
    expect([textOf(one), textOf(two)]).toEqual(["one", "two"]);
    expect([...three.body]).toEqual([0xff, 0x00]);
    expect(one).toMatchObject({
      deviceId: "device1",
      sequenceNumber: 0,
      offset: expect.any(String),
    });
    expect(two.partitionId).toBe(one.partitionId);
    expect(two.sequenceNumber).toBe(1);
    expect(one.annotations).toMatchObject({ "iothub-message-source": "Telemetry" });
  });

  it("reports the hub's reason for a refusal", async () => {
    const { place } = await localHub();
    const connecting = connect(place, { transport, consumerGroup: "nobody" });
    await expect(connecting).rejects.toMatchObject({
      name: "MessagingEntityNotFound",
      hint: expect.stringContaining("--consumer-group"),
    });
    const wrongKey = at(place.address.port ?? 0, place.ca);
    await expect(connect(wrongKey, { transport })).rejects.toMatchObject({
      name: "IotHubUnauthorized",
    });
  });

  it("does not trust an unknown authority", async () => {
    const { place } = await localHub();
    const { ca: _, ...without } = place;
    await expect(connect(without, { transport })).rejects.toMatchObject({
      name: "UntrustedCertificate",
    });
  });

  it("sends no server name for an IP address, as TLS requires", async () => {
    const { place } = await localHub();
    const address = { ...place.address, host: "127.0.0.1" };
    const warnings = await warningsDuring(() => connect({ ...place, address }, { transport }));
    expect(warnings).toEqual([]);
  });

  it("reports that nothing listens", async () => {
    const nowhere = at(await freePort());
    await expect(connect(nowhere, { transport })).rejects.toMatchObject({
      name: "ConnectionRefused",
    });
  });

  it("reports a lost hub once", async () => {
    const { hub, place } = await localHub();
    const told: string[] = [];
    const { connection } = await connect(place, {
      transport,
      onDisconnect: ({ name }) => told.push(name),
    });
    await hub.stop();
    await until(() => told.length > 0);
    await connection.close();
    expect(told).toEqual(["ConnectionLost"]);
  });

  it("leaves nothing open, however it ends", async () => {
    const { hub, place } = await localHub();
    const silent = await startSilentServer("tls");
    onTestFinished(() => silent.stop());
    const { port = 0 } = splitHostPort(silent.hostName);
    const timers = await timersLeftBy(async () => {
      const { connection } = await connect(place, { transport });
      await connection.close();
      await expect(connect(place, { transport, consumerGroup: "nobody" })).rejects.toThrow();
      const unanswered = connect(at(port, place.ca), { transport, connectTimeoutMs: 300 });
      await expect(unanswered).rejects.toThrow();
      const { disconnected } = await connect(place, { transport });
      await hub.stop();
      await disconnected;
    });
    expect(timers).toEqual([]);
    await silent.abandoned();
  });
});

describe("the start position", () => {
  it("latest: events sent after the reader attaches, for each reader", async () => {
    const { place, device } = await localHub();
    const { send } = await device();
    await send("before");
    const first = await connect(place);
    await send("between");
    const second = await connect(place, { consumerGroup: "second" });
    await send("after");
    expect(await take(first.events, 2)).toEqual(["between", "after"]);
    expect(await take(second.events, 1)).toEqual(["after"]);
  });

  it("a time: events enqueued in that millisecond or later", async () => {
    const { place, device } = await localHub();
    const { send } = await device();
    const since = (sinceMs: number) =>
      connect(place, { cursor: new EventCursor({ type: "enqueuedTime", sinceMs }) });
    await send("one");
    const [one] = [await (await since(0)).events.next()];
    const oneMs = one.enqueuedTimeUtcMs ?? 0;
    // In a later millisecond, so that the two enqueued times differ.
    await until(() => Date.now() > oneMs + 1);
    await send("two");
    expect(await take((await since(0)).events, 2)).toEqual(["one", "two"]);
    expect(await take((await since(oneMs)).events, 2)).toEqual(["one", "two"]);
    expect(await take((await since(oneMs + 1)).events, 1)).toEqual(["two"]);
  });
});

describe("a misbehaving hub", () => {
  it("causes a timeout when it does not respond", async () => {
    const { place } = await scripted({ isSilent: true });
    await expect(connect(place, { connectTimeoutMs: 300 })).rejects.toMatchObject({
      name: "ConnectTimeout",
    });
  });

  it("is not waited for after an abort", async () => {
    const { place, connections } = await scripted({ isSilent: true });
    const abort = new AbortController();
    const connecting = connect(place, { signal: abort.signal });
    connecting.catch(() => {});
    await until(() => connections.length > 0);
    abort.abort();
    await expect(connecting).rejects.toThrow("aborted");
  });

  it.each([
    [
      "with an error",
      { condition: "amqp:link:stolen", description: "mine" },
      "LinkCreationConflict",
    ],
    ["without a word", undefined, "ConnectionLost"],
  ])("ends the connection when it detaches a partition %s", async (_how, error, name) => {
    const links: Sender[] = [];
    const { place } = await scripted({
      partitionIds: ["0", "1"],
      onPartition: (sender) => links.push(sender),
    });
    const { disconnected } = await connect(place);
    expect(links).toHaveLength(2);
    links[1]?.close(error);
    expect(await disconnected).toMatchObject({ name });
  });

  it.each([
    [
      "the connection with an error",
      "connection",
      { condition: "com.microsoft:timeout" },
      "ServiceUnavailable",
    ],
    ["the connection without a word", "connection", undefined, "ConnectionLost"],
    ["a session with an error", "session", { condition: "amqp:internal-error" }, "ServerError"],
    ["a session without a word", "session", undefined, "ConnectionLost"],
  ] as const)("ends the connection when it closes %s", async (_what, part, error, name) => {
    let link: Sender | undefined;
    const { place } = await scripted({
      onPartition: (sender) => {
        link = sender;
      },
    });
    const { disconnected } = await connect(place);
    if (part === "session") link?.session.close(error);
    else link?.connection.close(error);
    expect(await disconnected).toMatchObject({ name });
  });

  it("never gets more credit than the window, however small the batches", async () => {
    let link: Sender | undefined;
    const { place } = await scripted({
      onPartition: (sender) => {
        link = sender;
      },
    });
    const { events } = await connect(place);
    const credits: number[] = [];
    for (let n = 0; n < 30; n++) {
      await until(() => link?.sendable() === true);
      link?.send(eventMessage(n));
      await events.next();
      credits.push(creditOf(link));
    }
    expect(Math.max(...credits)).toBeLessThanOrEqual(50);
  });

  it("gets no credit while an event is being processed", async () => {
    let link: Sender | undefined;
    const { place } = await scripted({
      onPartition: (sender) => {
        link = sender;
      },
    });
    const taken = createDeferred<void>();
    let count = 0;
    await connect(place, {
      onEvent: async () => {
        count += 1;
        await taken.promise;
      },
    });
    await until(() => link?.sendable() === true);
    const credit = creditOf(link);
    for (let n = 0; n < credit; n++) link?.send(eventMessage(n));
    await until(() => count === 1);
    expect(creditOf(link)).toBe(0);
    expect(count).toBe(1);
    taken.resolve();
    await until(() => link?.sendable() === true);
  });
});

describe("with Microsoft Entra ID", () => {
  it("requests a token for event hubs, and signs in with it", async () => {
    const scopes: unknown[] = [];
    const credential: EntraCredential = {
      getToken: (scope) => {
        scopes.push(scope);
        return Promise.resolve({ token: "abc", expiresOnTimestamp: Date.now() + 3_600_000 });
      },
    };
    const { place, tokens, port } = await scripted();
    const signIn = { type: "entra", hostName: `localhost:${port}`, credential } as const;
    await connect({ ...place, signIn });
    expect(new Set(scopes)).toEqual(new Set(["https://eventhubs.azure.net//.default"]));
    expect(new Set(tokens.map(({ type, token }) => `${type} ${token}`))).toEqual(
      new Set(["jwt abc"]),
    );
  });

  it("reports that there is no credential", async () => {
    const { place, port } = await scripted();
    const credential = { getToken: () => Promise.resolve(null) };
    const signIn = { type: "entra", hostName: `localhost:${port}`, credential } as const;
    await expect(connect({ ...place, signIn })).rejects.toMatchObject({
      name: "CredentialUnavailable",
    });
  });
});

describe("runEventListener", () => {
  interface Listening {
    readonly told: Inbox<EventListenerEvent>;
    readonly read: Inbox<string>;
    readonly ended: Promise<void>;
    end(): void;
  }

  function listen(findPlace: () => Place, options: Partial<EventListenerOptions> = {}): Listening {
    const told = new Inbox<EventListenerEvent>();
    const read = new Inbox<string>();
    const abort = new AbortController();
    const ended = runEventListener({
      start: { type: "latest" },
      signal: abort.signal,
      connect: (handlers) =>
        connectEvents({
          ...findPlace(),
          consumerGroup: "$Default",
          transport: "amqp",
          connectTimeoutMs: 5000,
          ...handlers,
        }),
      onRead: async (event) => read.push(textOf(event)),
      onEvent: (event) => told.push(event),
      // Waits of 50 ms and more, for every attempt.
      random: () => 0.1,
      ...options,
    });
    ended.catch(() => {});
    onTestFinished(async () => {
      abort.abort();
      await ended.catch(() => {});
    });
    return { told, read, ended, end: () => abort.abort() };
  }

  async function untilReady({ told }: Listening): Promise<void> {
    for (;;) if ((await told.next()).type === "ready") return;
  }

  it("continues after the last event when the hub is back, without loss or repetition", async () => {
    const directory = temporaryDirectory();
    const port = await freePort();
    const start = () => startHomeHub({ directory, ports: [port], devices: ["device1"] });
    let hub = await start();
    onTestFinished(() => hub.stop());
    const place = placeOf(hub);
    const device = () => openTelemetryDevice(hub.deviceConnectionString("device1"), place.ca ?? "");
    const listening = listen(() => place);
    await untilReady(listening);
    for (const [one, two, three] of [
      ["a", "b", "c"],
      ["d", "e", "f"],
      ["g", "h", "i"],
    ] as const) {
      await (await device()).send(one, two);
      expect([await listening.read.next(), await listening.read.next()]).toEqual([one, two]);
      await hub.stop();
      hub = await start();
      await (await device()).send(three);
      await untilReady(listening);
      expect(await listening.read.next()).toBe(three);
    }
    listening.end();
    await listening.ended;
    listening.read.end("over");
    await expect(listening.read.next()).rejects.toThrow("over");
  });

  it("does not repeat the event being processed when the connection was lost", async () => {
    const directory = temporaryDirectory();
    const port = await freePort();
    const start = () => startHomeHub({ directory, ports: [port], devices: ["device1"] });
    const hub = await start();
    onTestFinished(() => hub.stop());
    const place = placeOf(hub);
    const taking = createDeferred<void>();
    const taken = createDeferred<void>();
    const read = new Inbox<string>();
    const listening = listen(() => place, {
      onRead: async (event) => {
        taking.resolve();
        await taken.promise;
        read.push(textOf(event));
      },
    });
    await untilReady(listening);
    const { send } = await openTelemetryDevice(
      hub.deviceConnectionString("device1"),
      place.ca ?? "",
    );
    await send("a", "b");
    await taking.promise;
    await hub.stop();
    const again = await start();
    onTestFinished(() => again.stop());
    taken.resolve();
    expect(await read.take(2)).toEqual(["a", "b"]);
    listening.end();
    await listening.ended;
    read.end("over");
    await expect(read.next()).rejects.toThrow("over");
  });

  it("reports ready before events that arrive while connecting", async () => {
    const order: string[] = [];
    const read = createDeferred<void>();
    listen(() => at(0), {
      connect: async ({ onEvent }) => {
        void onEvent(toReceivedEvent("0", {}));
        await new Promise((resolve) => setImmediate(resolve));
        return { partitionIds: ["0", "1"], close: () => Promise.resolve() };
      },
      onEvent: ({ type }) => order.push(type),
      onRead: async () => {
        order.push("event");
        read.resolve();
      },
    });
    await read.promise;
    expect(order).toEqual(["ready", "event"]);
  });

  it("fails without retrying when the first connection fails", async () => {
    const nowhere = at(await freePort());
    const listening = listen(() => nowhere);
    await expect(listening.ended).rejects.toMatchObject({ name: "ConnectionRefused" });
    listening.told.end("over");
    await expect(listening.told.next()).rejects.toThrow("over");
  });

  it("ends when a reconnect is refused permanently", async () => {
    const { hub, place } = await localHub();
    const other = await localHub();
    const places = [place, { ...other.place, signIn: place.signIn }];
    const listening = listen(() => places.shift() ?? place);
    await untilReady(listening);
    await hub.stop();
    await expect(listening.ended).rejects.toMatchObject({ name: "IotHubUnauthorized" });
  });

  it("can be aborted while it waits for the next attempt", async () => {
    const { hub, place } = await localHub();
    const listening = listen(() => place, { random: () => 0.999 });
    await untilReady(listening);
    await hub.stop();
    expect(await listening.told.next()).toMatchObject({
      type: "retry",
      error: { name: "ConnectionLost" },
    });
    listening.end();
    await listening.ended;
  });
});
