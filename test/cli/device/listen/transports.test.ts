/** `c2d-device listen` over the transports that support more than complete. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { createDeferred } from "../../../../src/async/deferred.ts";
import { connectService } from "../../../../src/client/service/connect-service.ts";
import type { ServiceConnection } from "../../../../src/client/service/service-connection.ts";
import { parseHubConnectionString } from "../../../../src/core/connection-string.ts";
import type { Message } from "../../../../src/core/message.ts";
import { startHomeHub } from "../../../../src/hub/home-hub.ts";
import type { LocalHub } from "../../../../src/hub/local-hub.ts";
import { EventLog } from "../../../support/event-log.ts";
import { temporaryDirectory } from "../../../support/local-hub.ts";
import { parseLines, RunningCommand, run } from "../../support/run-command.ts";

const TRANSPORTS = ["amqp", "amqp-ws", "http"] as const;

let directory: string;
let hub: LocalHub;

beforeEach(async () => {
  directory = temporaryDirectory();
  hub = await startHub(0);
});

/** Durable, so that it can be restarted. */
async function startHub(port: number): Promise<LocalHub> {
  const started = await startHomeHub({
    directory: join(directory, "home"),
    ports: [port],
    devices: ["device1"],
    feedbackIntervalMs: 10,
  });
  onTestFinished(() => started.stop());
  return started;
}

function environment(): Record<string, string> {
  return {
    IOTHUB_DEVICE_CONNECTION_STRING: hub.deviceConnectionString("device1"),
    IOTHUB_CA_FILE: hub.caFile,
  };
}

function start(...args: readonly string[]): RunningCommand {
  const listener = new RunningCommand("c2d-device", ["listen", "-o", "json", ...args], {
    directory,
    env: environment(),
  });
  onTestFinished(async () => {
    listener.interrupt("SIGTERM");
    await listener.ended;
  });
  return listener;
}

async function startReady(...args: readonly string[]): Promise<RunningCommand> {
  const listener = start(...args);
  await listener.waitFor("stdout", `"type":"ready"`);
  return listener;
}

async function serve(): Promise<ServiceConnection> {
  const service = await connectService({
    signIn: parseHubConnectionString(hub.connectionString),
    transport: "amqp",
    ca: readFileSync(hub.caFile, "utf8"),
    connectTimeoutMs: 60_000,
    onDisconnect: () => {},
  });
  onTestFinished(() => service.close());
  return service;
}

/** The status in the first feedback record. */
async function firstStatus(service: ServiceConnection): Promise<{ status: Promise<string> }> {
  const status = createDeferred<string>();
  await service.openFeedback(({ records, complete }) => {
    status.resolve(records[0]?.statusCode ?? "none");
    complete();
  });
  return { status: status.promise };
}

function message(messageId: string, parts: Partial<Message> = {}): Message {
  return {
    system: { messageId, ack: "full" },
    properties: {},
    body: Buffer.from(`body of ${messageId}`),
    ...parts,
  };
}

const messagesOf = (stdout: string) => parseLines(stdout).filter(({ type }) => type === "message");

describe.each(TRANSPORTS)("over %s", (transport) => {
  test("a message is printed with all its properties, and completed", async () => {
    const service = await serve();
    const { status } = await firstStatus(service);
    const listener = await startReady("--transport", transport, "--count", "1");
    const body = Buffer.from([0, 0xff, 0x80]);
    const properties = { testProperty: "PropMsg_0", "ü b": "Wert ü" };
    const expiryTimeUtcMs = Date.UTC(2099, 0, 1);
    const system = {
      messageId: "m1",
      correlationId: "c1",
      userId: "jemand",
      contentType: "application/octet-stream",
      contentEncoding: "gzip",
      ack: "full",
    } as const;
    await service.send("device1", { system: { ...system, expiryTimeUtcMs }, properties, body });
    const { code, stdout } = await listener.ended;
    expect(code).toBe(0);
    expect(parseLines(stdout)[0]).toMatchObject({ type: "ready", transport });
    expect(messagesOf(stdout)).toEqual([
      {
        type: "message",
        n: 1,
        receivedAt: expect.any(String),
        deviceId: "device1",
        ...system,
        to: "/devices/device1/messages/devicebound",
        expiryTimeUtc: new Date(expiryTimeUtcMs).toISOString(),
        enqueuedTimeUtc: expect.any(String),
        sequenceNumber: 1,
        deliveryCount: 0,
        properties,
        body: body.toString("base64"),
        bodyEncoding: "base64",
        bytes: 3,
        duplicate: false,
      },
    ]);
    expect(await status).toBe("Success");
  });

  test("--count leaves the remaining messages for the next listener", async () => {
    const service = await serve();
    for (const id of ["m1", "m2", "m3"]) await service.send("device1", message(id));
    const printed: unknown[] = [];
    for (let n = 0; n < 3; n++) {
      const { code, stdout } = await start(
        ...["--transport", transport, "--count", "1", "--timeout", "100s"],
      ).ended;
      expect(code).toBe(0);
      printed.push(...messagesOf(stdout).map(({ messageId }) => messageId));
    }
    expect(printed).toEqual(["m1", "m2", "m3"]);
  });

  test("--settle reject is reported to the sender", async () => {
    const service = await serve();
    const { status } = await firstStatus(service);
    const listener = await startReady(
      ...["--transport", transport, "--settle", "reject", "--count", "1"],
    );
    await service.send("device1", message("m1"));
    expect((await listener.ended).code).toBe(0);
    expect(await status).toBe("Rejected");
  });

  test("--settle abandon returns its messages on SIGTERM", async () => {
    const service = await serve();
    const log = new EventLog(hub);
    const listener = await startReady("--transport", transport, "--settle", "abandon");
    await service.send("device1", message("m1"));
    await listener.waitFor("stdout", `"m1"`);
    listener.interrupt("SIGTERM");
    const { code, stdout, stderr } = await listener.ended;
    expect(code).toBe(0);
    expect(messagesOf(stdout)).toHaveLength(1);
    expect(stderr).toContain(
      "1 message is back in the queue, with its delivery count raised by 1.",
    );
    await log.reached("settled");
    expect(log.of("settled").map(({ outcome }) => outcome)).toEqual(["abandoned"]);
  });

  test("--settle none prints each message once and leaves it locked", async () => {
    const service = await serve();
    const settled: unknown[] = [];
    hub.subscribe((event) => {
      if (event.type === "settled") settled.push(event);
    });
    const listener = await startReady(
      ...["--transport", transport, "--settle", "none", "--count", "2"],
    );
    await service.send("device1", message("m1"));
    await service.send("device1", message("m2"));
    const { code, stdout } = await listener.ended;
    expect(code).toBe(0);
    expect(messagesOf(stdout).map(({ messageId }) => messageId)).toEqual(["m1", "m2"]);
    expect(settled).toEqual([]);
  });

  test("a listener waits for a hub that is down, and loses nothing", async () => {
    const [port] = hub.ports;
    const listener = await startReady("--transport", transport, "--count", "1");
    await hub.stop();
    await listener.waitFor("stderr", "Reconnecting in");
    hub = await startHub(port ?? 0);
    const service = await serve();
    await service.send("device1", message("m1"));
    const { code, stdout, stderr } = await listener.ended;
    expect(stderr).toContain("Reconnected.");
    expect(messagesOf(stdout)).toMatchObject([{ messageId: "m1" }]);
    expect(code).toBe(0);
  });

  test("SIGTERM ends a listener cleanly", async () => {
    const listener = await startReady("--transport", transport);
    listener.interrupt("SIGTERM");
    const { code, stderr } = await listener.ended;
    expect(code).toBe(0);
    expect(stderr).toContain("0 messages received.");
  });

  test("a wrong key exits with 4, an untrusted or unreachable hub with 5", async () => {
    const good = environment();
    const connectionString = good.IOTHUB_DEVICE_CONNECTION_STRING ?? "";
    const end = async (env: Record<string, string>) => {
      const args = ["listen", "-o", "json", "--transport", transport];
      const { code, stderr } = await run("c2d-device", args, { directory, env });
      return [code, parseLines(stderr.split("\n").slice(-2).join("\n"))[0]?.name];
    };
    const key = connectionString.replace(/SharedAccessKey=.*/, "SharedAccessKey=c2VjcmV0");
    expect(await end({ ...good, IOTHUB_DEVICE_CONNECTION_STRING: key })).toEqual([
      4,
      "IotHubUnauthorized",
    ]);
    expect(await end({ IOTHUB_DEVICE_CONNECTION_STRING: connectionString })).toEqual([
      5,
      "UntrustedCertificate",
    ]);
    await hub.stop();
    expect(await end(good)).toEqual([5, "ConnectionRefused"]);
  });
});

test("over amqp a disconnected listener reports the takeover", async () => {
  const first = await startReady("--transport", "amqp");
  const second = await startReady("--transport", "amqp", "--no-reconnect");
  await first.waitFor("stderr", "another client connected as device1 and replaced this connection");
  const { code, stderr } = await second.ended;
  expect(parseLines(stderr.split("\n").slice(-2).join("\n"))).toMatchObject([
    { name: "ConnectionForcefullyClosedOnNewConnection", code: 6 },
  ]);
  expect(code).toBe(6);
});

test("over mqtt-ws messages can be received, but only completed", async () => {
  const service = await serve();
  const { status } = await firstStatus(service);
  const listener = await startReady("--transport", "mqtt-ws", "--count", "1");
  await service.send("device1", message("m1"));
  expect((await listener.ended).code).toBe(0);
  expect(await status).toBe("Success");
  const refused = await start("--transport", "mqtt-ws", "--settle", "none").ended;
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("a single acknowledgement");
});
