/** Behaviour common to every device transport, against the local hub. */

import { readFileSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { createDeferred } from "../../../src/async/deferred.ts";
import type { DeviceConnectOptions } from "../../../src/client/connection/device-connection.ts";
import { connectDevice } from "../../../src/client/device/connect-device.ts";
import { keepConnected } from "../../../src/client/device/keep-connected.ts";
import type { Transport } from "../../../src/client/endpoint.ts";
import { connectService } from "../../../src/client/service/connect-service.ts";
import type { ServiceConnection } from "../../../src/client/service/service-connection.ts";
import {
  parseDeviceConnectionString,
  parseHubConnectionString,
} from "../../../src/core/connection-string.ts";
import type { FeedbackRecord } from "../../../src/core/feedback.ts";
import type { Message } from "../../../src/core/message.ts";
import { formatSasToken } from "../../../src/core/sas-token.ts";
import { type LocalHub, startLocalHub } from "../../../src/hub/local-hub.ts";
import type { LocalHubOptions } from "../../../src/hub/local-hub-options.ts";
import { freePort } from "../../support/local-hub.ts";
import { connectListening, type ListeningDevice } from "../support/listening-device.ts";
import { selfSigned } from "../support/self-signed.ts";
import { startSilentServer } from "../support/silent-server.ts";
import { timersLeftBy } from "../support/timers.ts";

const TRANSPORTS = ["mqtt", "mqtt-ws", "amqp", "amqp-ws", "http"] as const;
const SETTLING = ["amqp", "amqp-ws", "http"] as const;
const CONNECTED = ["mqtt", "mqtt-ws", "amqp", "amqp-ws"] as const;

const KEY = "c2VjcmV0";

interface Setup {
  readonly hub: LocalHub;
  readonly ca: string;
}

async function start(options: LocalHubOptions = {}): Promise<Setup> {
  const hub = await startLocalHub({ devices: ["device1"], feedbackIntervalMs: 10, ...options });
  onTestFinished(() => hub.stop());
  return { hub, ca: readFileSync(hub.caFile, "utf8") };
}

async function listen(
  { hub, ca }: Setup,
  transport: Transport,
  options: Partial<DeviceConnectOptions> = {},
): Promise<ListeningDevice> {
  const connectionString = hub.deviceConnectionString("device1");
  const device = await connectListening({ connectionString, ca }, { transport, ...options });
  onTestFinished(() => device.connection.close());
  return device;
}

async function serve({ hub, ca }: Setup): Promise<ServiceConnection> {
  const service = await connectService({
    signIn: parseHubConnectionString(hub.connectionString),
    transport: "amqp",
    ca,
    connectTimeoutMs: 10_000,
    onDisconnect: () => {},
  });
  onTestFinished(() => service.close());
  return service;
}

/** Resolves with so many feedback records, by message id. */
async function feedbackOf(
  service: ServiceConnection,
  count: number,
): Promise<{ readonly records: Promise<Readonly<Record<string, string>>> }> {
  const records: Record<string, string> = {};
  const all = createDeferred<typeof records>();
  await service.openFeedback((batch) => {
    for (const { originalMessageId, statusCode } of batch.records as readonly FeedbackRecord[]) {
      records[originalMessageId] = statusCode;
    }
    batch.complete();
    if (Object.keys(records).length >= count) all.resolve(records);
  });
  return { records: all.promise };
}

const message = (messageId: string, body = "body"): Message => ({
  system: { messageId, ack: "full" },
  properties: {},
  body: Buffer.from(body),
});

describe.each(TRANSPORTS)("over %s", (transport) => {
  it("a message arrives with all its properties and the exact body", async () => {
    const setup = await start();
    const service = await serve(setup);
    const device = await listen(setup, transport);
    const expiryTimeUtcMs = Date.UTC(2099, 11, 31, 23, 59, 59, 500);
    const system = {
      messageId: "5E3D5F9C-0000-4000-8000-00000000000A",
      correlationId: "Zusammenhang ü %41",
      userId: "jemand",
      contentType: "application/octet-stream",
      contentEncoding: "gzip",
      expiryTimeUtcMs,
      ack: "full",
    } as const;
    const properties = {
      testProperty: "PropMsg_0",
      UPPER: "a=b;c&d",
      "with space/ü": "Wert ü / %zz",
      percent: "50%25",
      empty: "",
    };
    const body = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const before = Date.now();
    await service.send("device1", { system, properties, body });
    const delivery = await device.delivery(0);
    expect(delivery.message.system).toEqual({
      ...system,
      to: "/devices/device1/messages/devicebound",
    });
    expect(delivery.message.properties).toEqual(properties);
    expect(Buffer.compare(delivery.message.body, body)).toBe(0);
    expect(delivery.message).toMatchObject({ isRedelivered: false, malformed: [] });
    const { enqueuedTimeUtcMs, sequenceNumber, deliveryCount } = delivery.message;
    if (transport === "mqtt" || transport === "mqtt-ws") {
      expect({ enqueuedTimeUtcMs, sequenceNumber, deliveryCount }).toEqual({});
    } else {
      expect([sequenceNumber, deliveryCount]).toEqual([1, 0]);
      expect(enqueuedTimeUtcMs).toBeGreaterThanOrEqual(before);
      expect(enqueuedTimeUtcMs).toBeLessThanOrEqual(Date.now());
    }
    await delivery.settle("complete");
  });

  it("missing properties are absent, and an empty body is empty", async () => {
    const setup = await start();
    const service = await serve(setup);
    const device = await listen(setup, transport);
    await service.send("device1", { system: {}, properties: {}, body: Buffer.alloc(0) });
    const { message: received } = await device.delivery(0);
    expect(Object.keys(received.system)).toEqual(["to"]);
    expect(received.properties).toEqual({});
    expect(received.body).toHaveLength(0);
  });

  it("completed messages are removed, and their sender gets feedback", async () => {
    const setup = await start();
    const service = await serve(setup);
    const { records } = await feedbackOf(service, 3);
    const device = await listen(setup, transport);
    for (const id of ["a", "b", "c"]) await service.send("device1", message(id));
    for (const index of [0, 1, 2]) await (await device.delivery(index)).settle("complete");
    expect(await records).toEqual({ a: "Success", b: "Success", c: "Success" });
  });

  it("an unsettled message is redelivered after the connection or its lock ends", async () => {
    const setup = await start(transport === "http" ? { lockTimeoutMs: 200 } : {});
    const service = await serve(setup);
    await service.send("device1", message("m1"));
    const first = await listen(setup, transport);
    await (await first.delivery(0)).settle("none");
    await first.connection.close();
    const second = await listen(setup, transport);
    const { message: again } = await second.delivery(0);
    expect(again.system.messageId).toBe("m1");
    // The DUP flag.
    expect(again.isRedelivered).toBe(transport.startsWith("mqtt"));
    await second.deliveries[0]?.settle("complete");
  });

  it("signing in works with a ready-made SAS token", async () => {
    const setup = await start();
    const { hostName, credential, deviceId } = parseDeviceConnectionString(
      setup.hub.deviceConnectionString("device1"),
    );
    if (credential.type !== "key") return expect.unreachable();
    const sasToken = formatSasToken({
      resource: `${hostName}/devices/${deviceId}`,
      key: credential.sharedAccessKey.reveal(),
      expirySeconds: Math.floor(Date.now() / 1000) + 60,
    });
    const service = await serve(setup);
    const device = await connectListening(
      {
        connectionString: `HostName=${hostName};DeviceId=${deviceId};SharedAccessSignature=${sasToken}`,
        ca: setup.ca,
      },
      { transport },
    );
    onTestFinished(() => device.connection.close());
    await service.send("device1", message("m1"));
    await (await device.delivery(0)).settle("complete");
  });

  it("a device that connects through a gateway signs in with the hub's name", async () => {
    const { hub, ca } = await start({ hostNames: ["my-hub.example"] });
    const own = hub.deviceConnectionString("device1");
    const connectionString = own.replace(
      /^HostName=[^;]+/,
      `HostName=my-hub.example;GatewayHostName=${hub.hostName}`,
    );
    const device = await connectListening({ connectionString, ca }, { transport });
    await device.connection.close();
  });

  it("a stopped hub is reported once, and a listener reconnects", async () => {
    const setup = await start();
    const [port] = setup.hub.ports;
    const controller = new AbortController();
    const isReady = [createDeferred<void>(), createDeferred<void>()];
    const isAway = createDeferred<void>();
    const failures: string[] = [];
    const targetOf = ({ hub, ca }: typeof setup) => {
      const connectionString = parseDeviceConnectionString(hub.deviceConnectionString("device1"));
      return { connectionString, ca };
    };
    let current = targetOf(setup);
    const run = keepConnected({
      connect: (handlers) =>
        connectDevice({
          ...current,
          transport,
          keepAliveSeconds: 180,
          connectTimeoutMs: 10_000,
          pollIntervalMs: 20,
          ...handlers,
        }),
      signal: controller.signal,
      reconnect: true,
      random: () => 0.1,
      onEvent(event) {
        if (event.type === "ready") isReady[event.ordinal - 1]?.resolve();
        if (event.type === "disconnected") failures.push(`lost: ${event.error.name}`);
        if (event.type === "connectFailed") {
          failures.push(event.error.name);
          isAway.resolve();
        }
      },
    });
    await isReady[0]?.promise;
    await setup.hub.stop();
    await isAway.promise;
    // A new hub has new keys: settings are read again for each attempt.
    current = targetOf(await start({ port: port ?? 0 }));
    await isReady[1]?.promise;
    controller.abort();
    await run;
    expect(failures.filter((failure) => failure.startsWith("lost"))).toHaveLength(1);
    expect(failures[1]).toBe("ConnectionRefused");
  });

  it("close leaves no timer, reports no disconnect and is idempotent", async () => {
    const setup = await start();
    const service = await serve(setup);
    await service.send("device1", message("m1"));
    const left = await timersLeftBy(async () => {
      const device = await listen(setup, transport);
      await (await device.delivery(0)).settle("complete");
      await device.connection.close();
      await device.connection.close();
      expect(device.disconnects).toEqual([]);
    });
    expect(left).toEqual([]);
  });

  it("a settlement after the connection ends reports that the message will be redelivered", async () => {
    const setup = await start();
    const service = await serve(setup);
    const device = await listen(setup, transport);
    await service.send("device1", message("m1"));
    const delivery = await device.delivery(0);
    await device.connection.close();
    await expect(delivery.settle("complete")).rejects.toMatchObject({ name: "ConnectionLost" });
  });
});

describe.each(TRANSPORTS)("connecting over %s fails", (transport) => {
  it("with IotHubUnauthorized for a wrong key, without showing secrets or leaving timers", async () => {
    const { hub, ca } = await start();
    const connectionString = hub
      .deviceConnectionString("device1")
      .replace(/SharedAccessKey=.*/, `SharedAccessKey=${KEY}`);
    const left = await timersLeftBy(async () => {
      const error: unknown = await connectListening({ connectionString, ca }, { transport }).catch(
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({
        name: "IotHubUnauthorized",
        hint: expect.stringContaining("SharedAccessKey"),
      });
      expect(`${(error as Error).message} ${(error as Error).stack}`).not.toMatch(/c2VjcmV0|sig=/);
    });
    expect(left).toEqual([]);
  });

  it("with ConnectionRefused when nothing listens", async () => {
    const connectionString = connectionStringOf(`localhost:${await freePort()}`);
    const left = await timersLeftBy(() =>
      expect(connectListening({ connectionString }, { transport })).rejects.toMatchObject({
        name: "ConnectionRefused",
      }),
    );
    expect(left).toEqual([]);
  });

  it("with HostNotFound when the name is unknown", async () => {
    const connectionString = connectionStringOf("nowhere.invalid");
    await expect(connectListening({ connectionString }, { transport })).rejects.toMatchObject({
      name: "HostNotFound",
    });
  });

  it("with UntrustedCertificate when the certificate is not trusted", async () => {
    const { hub } = await start();
    const connectionString = hub.deviceConnectionString("device1");
    const left = await timersLeftBy(() =>
      expect(connectListening({ connectionString }, { transport })).rejects.toMatchObject({
        name: "UntrustedCertificate",
        hint: expect.stringContaining("--ca"),
      }),
    );
    expect(left).toEqual([]);
  });

  it.each(["tls", "tcp"] as const)(
    "with ConnectTimeout when the hub stops responding after %s",
    async (layer) => {
      const server = await startSilentServer(layer);
      onTestFinished(() => server.stop());
      const connectionString = connectionStringOf(server.hostName);
      const { cert: ca } = await selfSigned();
      const left = await timersLeftBy(() =>
        expect(
          connectListening({ connectionString, ca }, { transport, connectTimeoutMs: 300 }),
        ).rejects.toMatchObject({ name: "ConnectTimeout" }),
      );
      expect(left).toEqual([]);
      await server.abandoned();
    },
  );

  it("at once when aborted", async () => {
    const server = await startSilentServer("tls");
    onTestFinished(() => server.stop());
    const connectionString = connectionStringOf(server.hostName);
    const { cert: ca } = await selfSigned();
    const controller = new AbortController();
    const connecting = expect(
      connectListening(
        { connectionString, ca },
        { transport, connectTimeoutMs: 60_000, signal: controller.signal },
      ),
    ).rejects.toMatchObject({ name: "ConnectionLost" });
    await server.reached();
    controller.abort();
    await connecting;
    await server.abandoned();
  });
});

describe.each(CONNECTED)("over %s", (transport) => {
  it("a second connection of the device ends the first, which reports it once", async () => {
    const setup = await start();
    const first = await listen(setup, transport);
    const second = await listen(setup, transport);
    const error = await first.disconnected;
    if (transport.startsWith("amqp")) {
      expect(error.name).toMatch(/LinkCreationConflict|ConnectionForcefullyClosedOnNewConnection/);
    } else {
      expect(error.name).toBe("ConnectionLost");
    }
    await first.connection.close();
    expect(first.disconnects).toHaveLength(1);
    expect(second.disconnects).toEqual([]);
  });
});

it("over http two clients of one device share its messages, without a takeover", async () => {
  const setup = await start();
  const service = await serve(setup);
  const first = await listen(setup, "http");
  const second = await listen(setup, "http");
  await service.send("device1", message("m1"));
  await service.send("device1", message("m2"));
  const ids = await Promise.all(
    [first, second].map(async (device) => {
      const delivery = await device.delivery(0);
      return delivery.message.system.messageId;
    }),
  );
  expect(ids.sort()).toEqual(["m1", "m2"]);
});

describe.each(SETTLING)("over %s", (transport) => {
  it("a rejected message is dead-lettered, and its sender gets feedback", async () => {
    const setup = await start();
    const service = await serve(setup);
    const { records } = await feedbackOf(service, 1);
    const device = await listen(setup, transport);
    await service.send("device1", message("m1"));
    await (await device.delivery(0)).settle("reject");
    expect(await records).toEqual({ m1: "Rejected" });
  });

  it("an abandoned message is redelivered, marked, up to the maximum delivery count", async () => {
    const setup = await start({ maxDeliveryCount: 3 });
    const service = await serve(setup);
    const { records } = await feedbackOf(service, 1);
    const device = await listen(setup, transport);
    await service.send("device1", message("m1"));
    const seen: unknown[] = [];
    for (const index of [0, 1, 2]) {
      const delivery = await device.delivery(index);
      const { deliveryCount, isRedelivered, sequenceNumber } = delivery.message;
      seen.push([sequenceNumber, deliveryCount, isRedelivered]);
      await delivery.settle("abandon");
    }
    expect(seen).toEqual([
      [1, 0, false],
      [1, 1, true],
      [1, 2, true],
    ]);
    expect(await records).toEqual({ m1: "DeliveryCountExceeded" });
  });

  it("a message left locked does not block later ones", async () => {
    const setup = await start();
    const service = await serve(setup);
    const device = await listen(setup, transport);
    await service.send("device1", message("m1"));
    await service.send("device1", message("m2"));
    await (await device.delivery(0)).settle("none");
    const second = await device.delivery(1);
    expect(second.message.system.messageId).toBe("m2");
    await second.settle("none");
  });

  it("only the first settlement counts", async () => {
    const setup = await start();
    const service = await serve(setup);
    const { records } = await feedbackOf(service, 1);
    const device = await listen(setup, transport);
    await service.send("device1", message("m1"));
    const delivery = await device.delivery(0);
    await Promise.all([delivery.settle("reject"), delivery.settle("complete")]);
    expect(await records).toEqual({ m1: "Rejected" });
  });
});

describe.each(["amqp", "amqp-ws"] as const)("over %s", (transport) => {
  it("different settlements at the same moment keep their outcomes", async () => {
    const setup = await start();
    const service = await serve(setup);
    const { records } = await feedbackOf(service, 12);
    const device = await listen(setup, transport);
    for (let n = 0; n < 12; n++) await service.send("device1", message(`m${n}`));
    await device.delivery(11);
    const outcomes = ["complete", "reject"] as const;
    const settling = device.deliveries.map((delivery, n) =>
      delivery.settle(outcomes[n % 2] ?? "complete"),
    );
    await Promise.all(settling);
    const expected = Array.from({ length: 12 }, (_, n) => [
      `m${n}`,
      n % 2 === 0 ? "Success" : "Rejected",
    ]);
    expect(await records).toEqual(Object.fromEntries(expected));
  });

  it("nothing is settled on arrival", async () => {
    const setup = await start();
    const settled: unknown[] = [];
    setup.hub.subscribe((event) => {
      if (event.type === "settled") settled.push(event);
    });
    const service = await serve(setup);
    for (let n = 0; n < 50; n++) await service.send("device1", message(`m${n}`));
    const device = await listen(setup, transport);
    await device.delivery(49);
    await device.connection.close();
    expect(settled).toEqual([]);
  });

  it("settlements just before closing take effect", async () => {
    const setup = await start();
    const service = await serve(setup);
    const { records } = await feedbackOf(service, 2);
    const device = await listen(setup, transport);
    await service.send("device1", message("m1"));
    await service.send("device1", message("m2"));
    await device.delivery(1);
    const settled = Promise.all([
      device.deliveries[0]?.settle("reject"),
      device.deliveries[1]?.settle("complete"),
    ]);
    await device.connection.close();
    await settled;
    expect(await records).toEqual({ m1: "Rejected", m2: "Success" });
  });
});

function connectionStringOf(hostName: string): string {
  return `HostName=${hostName};DeviceId=device1;SharedAccessKey=${KEY}`;
}
