import { readFileSync } from "node:fs";
import rhea, { type Message as AmqpMessage, type EventContext, type Sender } from "rhea";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createDeferred } from "../../../src/async/deferred.ts";
import type { Delivery } from "../../../src/client/connection/device-connection.ts";
import { connectDevice } from "../../../src/client/device/connect-device.ts";
import type { ClientError } from "../../../src/client/errors/client-error.ts";
import { connectService } from "../../../src/client/service/connect-service.ts";
import type {
  FeedbackBatch,
  ServiceConnection,
  ServiceConnectOptions,
} from "../../../src/client/service/service-connection.ts";
import {
  parseDeviceConnectionString,
  parseHubConnectionString,
} from "../../../src/core/connection-string.ts";
import type { Message, SystemProperties } from "../../../src/core/message.ts";
import { type LocalHub, startLocalHub } from "../../../src/hub/local-hub.ts";
import type { LocalHubOptions } from "../../../src/hub/local-hub-options.ts";
import { freePort } from "../../support/local-hub.ts";
import {
  type AmqpScript,
  type ScriptedAmqpHub,
  startScriptedAmqpHub,
} from "../support/scripted-amqp-hub.ts";
import { timersLeftBy } from "../support/timers.ts";

interface Service {
  readonly connection: ServiceConnection;
  readonly disconnects: ClientError[];
  readonly disconnected: Promise<ClientError>;
}

interface Target {
  readonly connectionString: string;
  readonly ca?: string;
}

async function connect(
  { connectionString, ca }: Target,
  options: Partial<ServiceConnectOptions> = {},
): Promise<Service> {
  const disconnects: ClientError[] = [];
  const disconnected = createDeferred<ClientError>();
  const connection = await connectService({
    signIn: parseHubConnectionString(connectionString),
    transport: "amqp",
    ...(ca !== undefined && { ca }),
    connectTimeoutMs: 5000,
    onDisconnect(error) {
      disconnects.push(error);
      disconnected.resolve(error);
    },
    ...options,
  });
  onTestFinished(() => connection.close());
  return { connection, disconnects, disconnected: disconnected.promise };
}

async function local(options: LocalHubOptions = {}): Promise<LocalHub & Target> {
  const hub = await startLocalHub({ devices: ["device1"], feedbackIntervalMs: 10, ...options });
  onTestFinished(() => hub.stop());
  return { ...hub, connectionString: hub.connectionString, ca: readFileSync(hub.caFile, "utf8") };
}

async function scripted(script?: AmqpScript): Promise<ScriptedAmqpHub & Target> {
  const hub = await startScriptedAmqpHub(script);
  onTestFinished(() => hub.stop());
  return { ...hub, connectionString: connectionStringOf(hub.hostName) };
}

function connectionStringOf(hostName: string): string {
  return `HostName=${hostName};SharedAccessKeyName=service;SharedAccessKey=c2VjcmV0`;
}

function message(system: SystemProperties = {}, body = "hello"): Message {
  return { system, properties: {}, body: Buffer.from(body) };
}

/** Receives and completes `count` messages of device1. */
async function receive(hub: LocalHub & Target, count: number): Promise<Delivery[]> {
  const deliveries: Delivery[] = [];
  const done = createDeferred<void>();
  const device = await connectDevice({
    connectionString: parseDeviceConnectionString(hub.deviceConnectionString("device1")),
    transport: "mqtt",
    ...(hub.ca !== undefined && { ca: hub.ca }),
    keepAliveSeconds: 180,
    connectTimeoutMs: 5000,
    onDelivery(delivery) {
      deliveries.push(delivery);
      void delivery.settle("complete");
      if (deliveries.length === count) done.resolve();
    },
    onDisconnect: done.reject,
  });
  await done.promise;
  await device.close();
  return deliveries;
}

describe("a sent message", () => {
  it("arrives unchanged, including userId and bytes", async () => {
    const hub = await local();
    const { connection } = await connect(hub);
    const expiryTimeUtcMs = Math.ceil(Date.now() / 1000) * 1000 + 60_000;
    const sent: Message = {
      system: {
        messageId: "5B9F2C0E-6B0A-4F0B-9C56-1F3C1B0D7A11",
        correlationId: "c=1&2",
        userId: "müller",
        contentType: "application/x-own",
        contentEncoding: "utf-16",
        expiryTimeUtcMs,
        ack: "full",
      },
      properties: { plain: "v", "with space": "a=b&c", "IoThub-status": "7x", none: null },
      body: Uint8Array.from([0, 255, 10, 128]),
    };
    await connection.send("device1", sent);
    const [delivery] = await receive(hub, 1);
    expect(delivery?.message).toEqual({
      system: { ...sent.system, to: "/devices/device1/messages/devicebound" },
      properties: { ...sent.properties, none: "" },
      body: Buffer.from(sent.body),
      isRedelivered: false,
      malformed: [],
    });
  });

  it("has no properties that were not set", async () => {
    const hub = await scripted();
    const { connection } = await connect(hub);
    await connection.send("device1", message());
    const [received] = hub.messages;
    expect(received?.application_properties ?? {}).toEqual({});
    expect(received).not.toHaveProperty("message_id");
    expect(received?.to).toBe("/devices/device1/messages/devicebound");
  });

  it("shares one link with others, pipelined and in order", async () => {
    const hub = await local();
    const { connection } = await connect(hub);
    const ids = Array.from({ length: 50 }, (_, index) => `m${index}`);
    await Promise.all(ids.map((messageId) => connection.send("device1", message({ messageId }))));
    const deliveries = await receive(hub, 50);
    expect(deliveries.map((delivery) => delivery.message.system.messageId)).toEqual(ids);
  });

  it("attaches one link, however many are sent at once", async () => {
    const hub = await scripted();
    const { connection } = await connect(hub);
    await Promise.all(Array.from({ length: 20 }, () => connection.send("device1", message())));
    expect(hub.attached.filter((address) => address === "/messages/devicebound")).toHaveLength(1);
    expect(hub.messages).toHaveLength(20);
  });
});

describe("a refused message", () => {
  it("fails with DeviceNotFound for an unknown device; the next one is accepted", async () => {
    const hub = await local();
    const { connection } = await connect(hub);
    const results = await Promise.allSettled([
      connection.send("nobody", message()),
      connection.send("device1", message()),
    ]);
    expect(results).toMatchObject([
      { status: "rejected", reason: { name: "DeviceNotFound", hint: expect.any(String) } },
      { status: "fulfilled" },
    ]);
  });

  it("fails with DeviceMaximumQueueDepthExceeded for a full queue, independently of others", async () => {
    const hub = await local({ queueDepth: 3 });
    const { connection } = await connect(hub);
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => connection.send("device1", message())),
    );
    expect(results.map(({ status }) => status)).toEqual([
      ...Array(3).fill("fulfilled"),
      ...Array(2).fill("rejected"),
    ]);
    expect(results[4]).toMatchObject({ reason: { name: "DeviceMaximumQueueDepthExceeded" } });
  });

  it("fails with MessageTooLarge for its size", async () => {
    const hub = await local();
    const { connection } = await connect(hub);
    await expect(
      connection.send("device1", message({}, "x".repeat(65 * 1024))),
    ).rejects.toMatchObject({ name: "MessageTooLarge" });
  });

  it.each([
    [
      "amqp:resource-limit-exceeded",
      '{"errorCode":403002,"message":"quota"}',
      "IotHubQuotaExceeded",
    ],
    [
      "amqp:resource-limit-exceeded",
      '{"errorCode":403004,"message":"full"}',
      "DeviceMaximumQueueDepthExceeded",
    ],
    ["amqp:resource-limit-exceeded", "full", "DeviceMaximumQueueDepthExceeded"],
    ["amqp:resource-limit-exceeded", "403005 tokens", "IotHubQuotaExceeded"],
    ["amqp:resource-limit-exceeded", '{"errorCode":403999}', "IotHubQuotaExceeded"],
    ["com.microsoft:device-container-throttled", "slow down", "Throttling"],
    ["com.microsoft:argument-error", "bad", "ArgumentInvalid"],
    ["amqp:internal-error", "oops", "ServerError"],
    ["amqp:unheard-of", "what", "ServerError"],
  ])("with %s and %s fails with %s", async (condition, description, name) => {
    const hub = await scripted({
      onMessage: ({ delivery }) => delivery?.reject({ condition, description } as never),
    });
    const { connection, disconnects } = await connect(hub);
    await expect(connection.send("device1", message())).rejects.toMatchObject({
      name,
      cause: expect.any(Error),
    });
    expect(disconnects).toEqual([]);
  });

  it.each(["release", "reject"] as const)("with a bare %s is not reported as sent", async (how) => {
    const hub = await scripted({
      onMessage: ({ delivery }) => {
        if (how === "release") delivery?.release({ delivery_failed: false } as never);
        else delivery?.reject();
      },
    });
    const { connection } = await connect(hub);
    await expect(connection.send("device1", message())).rejects.toMatchObject({
      name: "ServerError",
    });
  });
});

describe("feedback", () => {
  it("arrives as records; completing a batch removes it", async () => {
    const hub = await local();
    const { connection } = await connect(hub);
    const batches = collect<FeedbackBatch>();
    await connection.openFeedback(batches.add);
    await connection.send("device1", message({ messageId: "m1", ack: "full" }));
    await receive(hub, 1);
    const batch = await batches.next();
    expect(batch.records).toEqual([
      {
        originalMessageId: "m1",
        deviceId: "device1",
        deviceGenerationId: expect.any(String),
        statusCode: "Success",
        description: "Success",
        enqueuedTimeUtcMs: expect.any(Number),
      },
    ]);
    batch.complete();
    await connection.close();
    expect(await feedbackOfNextReader(hub)).toEqual(["sentinel"]);
  });

  it("is redelivered to the next reader if unsettled", async () => {
    const hub = await local();
    const { connection } = await connect(hub);
    const batches = collect<FeedbackBatch>();
    await connection.openFeedback(batches.add);
    await connection.send("device1", message({ messageId: "m1", ack: "full" }));
    await receive(hub, 1);
    await batches.next();
    await connection.close();
    expect(await feedbackOfNextReader(hub)).toEqual(["m1", "sentinel"]);
  });

  it("is settled batch by batch, also within one tick, before close resolves", async () => {
    const outcomes: string[] = [];
    const hub = await scripted({
      onFeedbackLink(sender) {
        for (const event of ["accepted", "released", "rejected"]) {
          sender.on(event, ({ delivery }: EventContext) => {
            outcomes.push(`${delivery?.id}:${event}`);
          });
        }
        for (let index = 0; index < 6; index++) sendFeedback(sender, `m${index}`);
      },
    });
    const { connection } = await connect(hub);
    const batches = collect<FeedbackBatch>();
    await connection.openFeedback(batches.add);
    const six: FeedbackBatch[] = [];
    for (let index = 0; index < 6; index++) six.push(await batches.next());
    // The token's reply was the session's first delivery, number 0.
    const first = 1;
    six[0]?.complete();
    six[1]?.release();
    six[2]?.release();
    six[3]?.complete();
    six[4]?.release();
    six[4]?.complete();
    six[5]?.complete();
    await connection.close();
    expect(outcomes).toEqual(
      ["accepted", "released", "released", "accepted", "released", "accepted"].map(
        (event, index) => `${first + index}:${event}`,
      ),
    );
  });

  it("is left unsettled if it cannot be parsed", async () => {
    const hub = await scripted({
      onFeedbackLink(sender) {
        sender.send({ body: rhea.message.data_section(Buffer.from("no json")) } as AmqpMessage);
        sendFeedback(sender, "m1");
      },
    });
    const { connection } = await connect(hub);
    const batches = collect<FeedbackBatch>();
    await connection.openFeedback(batches.add);
    expect((await batches.next()).records[0]?.originalMessageId).toBe("m1");
  });

  it("rejects when the hub refuses it", async () => {
    const hub = await scripted({ refusesFeedback: true });
    const { connection } = await connect(hub);
    await expect(connection.openFeedback(() => {})).rejects.toMatchObject({
      name: "IotHubUnauthorized",
    });
  });
});

describe("an open connection", () => {
  it("ends when the hub detaches the feedback link", async () => {
    const links: Sender[] = [];
    const hub = await scripted({ onFeedbackLink: (sender) => links.push(sender) });
    const service = await connect(hub);
    await service.connection.openFeedback(() => {});
    links[0]?.close();
    expect(await service.disconnected).toMatchObject({ name: "ConnectionLost" });
  });

  it("reports its end once, and fails every send in flight", async () => {
    const hub = await scripted({ onMessage: () => {} });
    const service = await connect(hub);
    const sends = [service.connection.send("device1", message())];
    sends.push(service.connection.send("device1", message()));
    const results = Promise.allSettled(sends);
    await messagesAt(hub, 1);
    hub.sockets[0]?.destroy();
    expect(await service.disconnected).toMatchObject({ name: "ConnectionLost" });
    expect(await results).toMatchObject([
      { reason: { name: "ConnectionLost" } },
      { reason: { name: "ConnectionLost" } },
    ]);
    await expect(service.connection.send("device1", message())).rejects.toMatchObject({
      name: "ConnectionLost",
    });
    await service.connection.close();
    expect(service.disconnects).toHaveLength(1);
  });

  it("ends at once when the hub closes it, with the hub's reason, and leaves no timer", async () => {
    const hub = await scripted();
    const left = await timersLeftBy(async () => {
      const service = await connect(hub);
      await service.connection.send("device1", message());
      hub.connections[0]?.close({ condition: "amqp:unauthorized-access", description: "revoked" });
      expect(await service.disconnected).toMatchObject({
        name: "IotHubUnauthorized",
        message: expect.stringContaining("revoked"),
      });
      await service.connection.close();
      expect(service.disconnects).toHaveLength(1);
    });
    expect(left).toEqual([]);
  });

  it("ends with IotHubUnauthorized when the new token is refused", async () => {
    const timers = vi.spyOn(globalThis, "setTimeout");
    const hub = await scripted({ tokenStatus: [200, 401] });
    const service = await connect(hub);
    // Moving the clock would pass the idle time-out on the way.
    const [renew] = timers.mock.calls.find(([, delayMs]) => delayMs === 45 * 60_000) ?? [];
    timers.mockRestore();
    renew?.();
    expect(await service.disconnected).toMatchObject({ name: "IotHubUnauthorized" });
  });

  it("closes cleanly, and leaves no socket or timer", async () => {
    const hub = await scripted();
    const left = await timersLeftBy(async () => {
      const { connection, disconnects } = await connect(hub);
      await connection.openFeedback(() => {});
      await connection.send("device1", message());
      await connection.close();
      await connection.close();
      expect(disconnects).toEqual([]);
    });
    expect(left).toEqual([]);
    await socketsClosed(hub);
  });

  it("closes even if the hub stops responding", async () => {
    const hub = await scripted();
    const left = await timersLeftBy(async () => {
      const { connection } = await connect(hub);
      await connection.openFeedback(() => {});
      await connection.send("device1", message());
      hub.sockets[0]?.pause();
      await connection.close();
    });
    expect(left).toEqual([]);
  });
});

describe("connecting fails", () => {
  it("with IotHubUnauthorized for a wrong key, and leaves nothing open", async () => {
    const hub = await local();
    const wrongKey = hub.connectionString.replace(/SharedAccessKey=.*/, "SharedAccessKey=c2VjcmV0");
    const left = await timersLeftBy(() =>
      expect(connect({ ...hub, connectionString: wrongKey })).rejects.toMatchObject({
        name: "IotHubUnauthorized",
        hint: expect.any(String),
      }),
    );
    expect(left).toEqual([]);
  });

  it("with IotHubUnauthorized for a wrong key even if the hub hangs up at once", async () => {
    const hub = await scripted({ tokenStatus: 401, hangsUpOnRefusal: true });
    await expect(connect(hub)).rejects.toMatchObject({
      name: "IotHubUnauthorized",
      message: expect.stringContaining("as the script says"),
    });
  });

  it("with ConnectionRefused when nothing listens", async () => {
    const connectionString = connectionStringOf(`localhost:${await freePort()}`);
    await expect(connect({ connectionString })).rejects.toMatchObject({
      name: "ConnectionRefused",
    });
  });

  it("with HostNotFound when the name is unknown", async () => {
    const connectionString = connectionStringOf("nowhere.invalid");
    await expect(connect({ connectionString })).rejects.toMatchObject({ name: "HostNotFound" });
  });

  it("with UntrustedCertificate when the certificate is not trusted", async () => {
    const { connectionString } = await scripted();
    const left = await timersLeftBy(() =>
      expect(connect({ connectionString })).rejects.toMatchObject({
        name: "UntrustedCertificate",
        hint: expect.stringContaining("IOTHUB_CA_FILE"),
      }),
    );
    expect(left).toEqual([]);
  });

  it.each([
    ["the hub never answers", { isSilent: true }],
    ["the token is never answered", { tokenStatus: 0 }],
  ])("with ConnectTimeout when %s, and leaves nothing open", async (_, script) => {
    const hub = await scripted(script);
    const left = await timersLeftBy(() =>
      expect(connect(hub, { connectTimeoutMs: 300 })).rejects.toMatchObject({
        name: "ConnectTimeout",
      }),
    );
    expect(left).toEqual([]);
    await socketsClosed(hub);
  });

  it("at once when aborted, and leaves nothing open", async () => {
    const hub = await scripted({ tokenStatus: 0 });
    const controller = new AbortController();
    const left = await timersLeftBy(async () => {
      const connecting = expect(
        connect(hub, { connectTimeoutMs: 60_000, signal: controller.signal }),
      ).rejects.toMatchObject({ name: "ConnectionLost" });
      while (hub.connections.length === 0) await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
      await connecting;
    });
    expect(left).toEqual([]);
    await socketsClosed(hub);
  });

  it("without showing the key", async () => {
    const hub = await scripted({ tokenStatus: 401 });
    const error = await connect(hub).catch((reason: unknown) => reason);
    expect(describeError(error)).not.toMatch(/c2VjcmV0|sig=/);
  });
});

function sendFeedback(sender: Sender, originalMessageId: string): void {
  const record = {
    originalMessageId,
    deviceId: "device1",
    deviceGenerationId: "1",
    statusCode: "Success",
    description: "Success",
    enqueuedTimeUtc: "2030-01-01T00:00:00Z",
  };
  const body = rhea.message.data_section(Buffer.from(JSON.stringify([record])));
  sender.send({ body } as AmqpMessage);
}

/** Message ids that a new feedback reader gets, up to that of a message sent now. */
async function feedbackOfNextReader(hub: LocalHub & Target): Promise<string[]> {
  const { connection } = await connect(hub);
  const batches = collect<FeedbackBatch>();
  await connection.openFeedback(batches.add);
  await connection.send("device1", message({ messageId: "sentinel", ack: "full" }));
  await receive(hub, 1);
  const ids: string[] = [];
  while (!ids.includes("sentinel")) {
    const batch = await batches.next();
    ids.push(...batch.records.map((record) => record.originalMessageId));
    batch.complete();
  }
  await connection.close();
  return ids;
}

/** Values in order of arrival, to be awaited one by one. */
function collect<T>(): { add: (value: T) => void; next: () => Promise<T> } {
  const values: T[] = [];
  const waiting: ((value: T) => void)[] = [];
  return {
    add(value) {
      const resolve = waiting.shift();
      if (resolve) resolve(value);
      else values.push(value);
    },
    next() {
      const value = values.shift();
      if (value !== undefined) return Promise.resolve(value);
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}

async function messagesAt(hub: ScriptedAmqpHub, count: number): Promise<void> {
  while (hub.messages.length < count) await new Promise((resolve) => setImmediate(resolve));
}

async function socketsClosed(hub: ScriptedAmqpHub): Promise<void> {
  for (const socket of hub.sockets) {
    if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
  }
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${JSON.stringify({ ...error })} ${error.stack} ${describeError(error.cause)}`;
}
