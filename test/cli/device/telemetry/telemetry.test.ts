/** `c2d-device telemetry` over every transport, against a real hub. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { IPublishPacket } from "mqtt-packet";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { connectService } from "../../../../src/client/service/connect-service.ts";
import { parseHubConnectionString } from "../../../../src/core/connection-string.ts";
import { startHomeHub } from "../../../../src/hub/home-hub.ts";
import type { LocalHub } from "../../../../src/hub/local-hub.ts";
import {
  behave,
  type MqttPeer,
  type ScriptedMqttHub,
  startScriptedMqttHub,
} from "../../../client/support/scripted-mqtt-hub.ts";
import { EventLog } from "../../../support/event-log.ts";
import { temporaryDirectory } from "../../../support/local-hub.ts";
import { parseLines, RunningCommand } from "../../support/run-command.ts";

const TRANSPORTS = ["mqtt", "mqtt-ws", "amqp", "amqp-ws", "http"] as const;

let directory: string;
let hub: LocalHub;
let log: EventLog;

beforeEach(async () => {
  directory = temporaryDirectory();
  hub = await startHub(0);
  log = new EventLog(hub);
});

/** Durable, so that it can be restarted. */
async function startHub(port: number): Promise<LocalHub> {
  const started = await startHomeHub({
    directory: join(directory, "home"),
    ports: [port],
    devices: ["device1"],
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

function startWith(
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): RunningCommand {
  const device = new RunningCommand("c2d-device", ["telemetry", ...args], { directory, env });
  onTestFinished(async () => {
    device.interrupt("SIGTERM");
    await device.ended;
  });
  return device;
}

const start = (...args: readonly string[]) => startWith(environment(), ...args);

const linesOf = (stdout: string, type: string) =>
  parseLines(stdout).filter((line) => line.type === type);

const idsOf = (lines: readonly Record<string, unknown>[]) =>
  lines.map(({ messageId }) => messageId);

const storedIds = () => log.of("telemetry").map(({ messageId }) => messageId);

describe.each(TRANSPORTS)("over %s", (transport) => {
  test("the tutorial's messages are sent, confirmed and stored, each once", async () => {
    const { code, stdout, stderr } = await start(
      ...["--transport", transport, "--count", "3", "--interval", "10ms", "-o", "json"],
    ).ended;
    const [ready, ...lines] = parseLines(stdout);
    expect(ready).toMatchObject({ type: "ready", deviceId: "device1", transport });
    const run = /^message_0_([0-9a-f]{8})$/.exec(String(lines[0]?.messageId))?.[1];
    expect(lines.slice(0, -1)).toEqual(
      [0, 1, 2].map((n) => ({
        type: "telemetry",
        n,
        messageId: `message_${n}_${run}`,
        correlationId: `correlation_${n}_${run}`,
        properties: { Property: `PropMsg_${n}` },
        confirmedAt: expect.stringMatching(/^\d{4}-.*Z$/),
        deviceId: "device1",
        bytes: '{"deviceId":"device1","windSpeed":12.34}'.length,
        repeated: false,
        late: false,
      })),
    );
    expect(lines.at(-1)).toEqual({
      type: "summary",
      sent: 3,
      confirmed: 3,
      unconfirmed: 0,
      failed: 0,
      elapsedMs: expect.any(Number),
    });
    expect(code).toBe(0);
    expect(storedIds()).toEqual(idsOf(lines.slice(0, -1)));
    expect(stderr).toContain("Simulating a device");
  });

  test("messages survive a hub that is down, and repeated ones are marked", async () => {
    const [port] = hub.ports;
    const device = start(
      ...["--transport", transport, "--count", "150", "--interval", "10ms"],
      ...["--message-timeout", "60s", "-o", "json"],
    );
    await device.waitFor("stdout", '"n":30,');
    await hub.stop();
    const before = storedIds();
    await device.waitFor("stderr", "Reconnecting in");
    hub = await startHub(port ?? 0);
    log = new EventLog(hub);
    const { code, stdout } = await device.ended;
    const confirmed = linesOf(stdout, "telemetry");
    expect(code).toBe(0);
    expect(new Set(idsOf(confirmed)).size).toBe(150);
    const stored = [...before, ...storedIds()];
    const repeated = idsOf(confirmed.filter((line) => line.repeated));
    expect([...new Set(stored)].sort()).toEqual([...idsOf(confirmed)].sort());
    const twice = stored.filter((id, at) => stored.indexOf(id) !== at);
    expect(repeated).toEqual(expect.arrayContaining(twice));
  });

  test("--listen prints and completes messages on the same connection", async () => {
    const device = start(
      ...["--transport", transport, "--listen", "--interval", "20ms", "-o", "json"],
    );
    await device.waitFor("stdout", '"n":0,');
    const service = await connectService({
      signIn: parseHubConnectionString(hub.connectionString),
      transport: "amqp",
      ca: readFileSync(hub.caFile, "utf8"),
      connectTimeoutMs: 60_000,
      onDisconnect: () => {},
    });
    onTestFinished(() => service.close());
    const body = Buffer.from("beside");
    await service.send("device1", { system: { messageId: "c2d" }, properties: {}, body });
    await log.reached("settled");
    device.interrupt("SIGTERM");
    const { code, stdout } = await device.ended;
    expect(code).toBe(0);
    expect(linesOf(stdout, "message")).toMatchObject([{ messageId: "c2d", body: "beside" }]);
    expect(linesOf(stdout, "telemetry").length).toBeGreaterThan(0);
    expect(log.of("deviceDisconnected").length).toBeLessThan(2);
  });

  test("a wrong key exits with 4, an untrusted or unreachable hub with 5", async () => {
    const good = environment();
    const connectionString = good.IOTHUB_DEVICE_CONNECTION_STRING ?? "";
    const end = async (env: Record<string, string>) => {
      const args = ["-o", "json", "--transport", transport, "--count", "1"];
      const { code, stderr } = await startWith(env, ...args).ended;
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

  test("an oversize message exits with 6 and its error name", async () => {
    const data = "00".repeat(257 * 1024);
    const device = new RunningCommand(
      "c2d-device",
      [
        "telemetry",
        "--data",
        "-",
        "--data-encoding",
        "hex",
        "-o",
        "json",
        "--transport",
        transport,
      ],
      { directory, env: environment(), stdin: data },
    );
    const { code, stdout, stderr } = await device.ended;
    expect(code).toBe(6);
    expect(parseLines(stderr.split("\n").slice(-2).join("\n"))).toMatchObject([
      { type: "error", code: 6, name: "MessageTooLarge", hint: expect.stringContaining("256 KB") },
    ]);
    expect(linesOf(stdout, "summary")).toMatchObject([{ sent: 1, confirmed: 0, failed: 1 }]);
    expect(storedIds()).toEqual([]);
  });
});

test("text is the tutorial's, with external text escaped", async () => {
  const { code, stdout } = await start(
    ...["--count", "1", "--mid", "m\u001b[2J", "--cid", "c", "-p", "a=b\nConfirmation[9]"],
  ).ended;
  expect(code).toBe(0);
  expect(stdout.replace(/in [\d.]+ m?s/, "in 1 s")).toBe(
    [
      "Confirmation[0] received for message with result = OK",
      "    message_id: m\\u001b[2J",
      "    correlation_id: c",
      '    Properties: {"a":"b\\nConfirmation[9]"}',
      "    Total calls confirmed: 1",
      "Summary: 1 sent, 1 confirmed, 0 unconfirmed in 1 s",
      "",
    ].join("\n"),
  );
});

describe("against a socket that speaks MQTT", () => {
  let scripted: ScriptedMqttHub;

  async function script(onPublish: (packet: IPublishPacket, peer: MqttPeer) => void) {
    scripted = await startScriptedMqttHub((packet, peer) => {
      behave(packet, peer);
      if (packet.cmd === "publish") onPublish(packet, peer);
    });
    onTestFinished(() => scripted.stop());
  }

  function acknowledge({ messageId = 0 }: IPublishPacket, peer: MqttPeer): void {
    peer.send({ cmd: "puback", messageId });
  }

  function startAgainst(...args: readonly string[]): RunningCommand {
    const caFile = join(directory, "scripted.pem");
    writeFileSync(caFile, scripted.ca);
    const env = {
      IOTHUB_DEVICE_CONNECTION_STRING: `HostName=${scripted.hostName};DeviceId=d'1;SharedAccessKey=c2VjcmV0`,
      IOTHUB_CA_FILE: caFile,
    };
    return startWith(env, "-o", "json", ...args);
  }

  test("a custom body, ids and properties arrive as given", async () => {
    await script(acknowledge);
    const { code } = await startAgainst(
      ...["--count", "2", "--interval", "0", "--template", "--data", "{{n}} of {{deviceId}}"],
      ...["--mid", "", "--cid", "c{{n}}", "--uid", "u", "--ct", "text/plain", "-p", "a={{n}}"],
    ).ended;
    expect(code).toBe(0);
    const packets = scripted.peers[0]?.received.filter(({ cmd }) => cmd === "publish") ?? [];
    expect(
      packets.map((packet) => ("topic" in packet ? [packet.topic, String(packet.payload)] : [])),
    ).toEqual(
      [0, 1].map((n) => [
        `devices/d'1/messages/events/%24.cid=c${n}&%24.uid=u&%24.ct=text%2Fplain&%24.ce=utf-8&a=${n}`,
        `${n} of d'1`,
      ]),
    );
  });

  test("a message not confirmed in time is reported, and --count exits with 124", async () => {
    await script(() => {});
    const { code, stdout, stderr } = await startAgainst(
      ...["--count", "2", "--interval", "0", "--message-timeout", "300ms"],
    ).ended;
    expect(code).toBe(124);
    expect(linesOf(stdout, "unconfirmed")).toEqual(
      [0, 1].map((n) => ({
        type: "unconfirmed",
        n,
        messageId: expect.stringContaining(`message_${n}_`),
        correlationId: expect.stringContaining(`correlation_${n}_`),
        reason: "MessageTimeout",
        deviceId: "d'1",
        mayBeStored: true,
      })),
    );
    expect(linesOf(stdout, "summary")).toMatchObject([{ sent: 2, confirmed: 0, unconfirmed: 2 }]);
    expect(stderr).toContain('"name":"Timeout"');
    expect(stderr).toContain("--message-timeout");
  });

  test("a late confirmation is reported and counted", async () => {
    const late: (() => void)[] = [];
    await script((packet, peer) => {
      if (late.length === 0) late.push(() => acknowledge(packet, peer));
      else acknowledge(packet, peer);
    });
    const device = startAgainst("--count", "2", "--interval", "1s", "--message-timeout", "200ms");
    await device.waitFor("stdout", '"type":"unconfirmed"');
    late[0]?.();
    const { code, stdout } = await device.ended;
    expect(linesOf(stdout, "telemetry")).toMatchObject([
      { n: 0, late: true },
      { n: 1, late: false },
    ]);
    expect(linesOf(stdout, "summary")).toMatchObject([{ sent: 2, confirmed: 2, unconfirmed: 0 }]);
    expect(code).toBe(0);
  });

  test("a message without confirmation is resent after a lost connection, and marked", async () => {
    let published = 0;
    await script((packet, peer) => {
      published += 1;
      if (published === 1) peer.socket.destroy();
      else acknowledge(packet, peer);
    });
    const { code, stdout, stderr } = await startAgainst("--count", "1").ended;
    expect(code).toBe(0);
    expect(linesOf(stdout, "telemetry")).toMatchObject([{ n: 0, repeated: true, late: false }]);
    expect(stderr).toContain("Resending message 0");
  });

  test("with --no-reconnect it exits with 5 instead, and lists the message", async () => {
    await script((_, peer) => void peer.socket.destroy());
    const { code, stdout, stderr } = await startAgainst("--no-reconnect").ended;
    expect(code).toBe(5);
    expect(linesOf(stdout, "unconfirmed")).toMatchObject([
      { n: 0, reason: "ConnectionLost", mayBeStored: true },
    ]);
    expect(stderr).toContain('"name":"ConnectionLost"');
  });

  test.each([
    ["SIGINT", [], 0],
    ["SIGTERM", [], 0],
    ["SIGINT", ["--count", "5"], 130],
    ["SIGTERM", ["--count", "5"], 143],
  ] as const)(
    "%s with %j lists messages in flight and exits with %i",
    async (signal, args, exit) => {
      await script(() => {});
      const device = startAgainst(...args);
      await device.waitFor("stdout", '"type":"ready"');
      await scripted.peers[0]?.next(({ cmd }) => cmd === "publish");
      device.interrupt(signal);
      const { code, stdout } = await device.ended;
      expect(code).toBe(exit);
      expect(linesOf(stdout, "unconfirmed")).toMatchObject([
        { n: 0, reason: "Interrupted", mayBeStored: true },
      ]);
      expect(parseLines(stdout).at(-1)).toMatchObject({ type: "summary", sent: 1, unconfirmed: 1 });
    },
  );
});

test("--timeout exits with 124 before --count is reached, and with 0 without --count", async () => {
  const counted = await start("--count", "5", "--timeout", "1s", "-o", "json").ended;
  expect(counted.code).toBe(124);
  expect(counted.stderr).toContain("--timeout");
  // How many were sent in that second depends on the machine.
  expect(linesOf(counted.stdout, "summary")).toHaveLength(1);
  const open = await start("--timeout", "1s").ended;
  expect(open.code).toBe(0);
});

test("telemetry exits quietly with 0 when stdout is closed", async () => {
  const device = start("--interval", "20ms", "-o", "json");
  await device.waitFor("stdout", '"n":0,');
  device.readers.stdout.destroy();
  const { code, stderr } = await device.ended;
  expect(code).toBe(0);
  expect(stderr).not.toContain("error");
});

test("a blocked reader pauses sending, and memory stays bounded", async () => {
  const device = start("--interval", "0", "-o", "json");
  await device.waitFor("stdout", '"n":0,');
  device.readers.stdout.pause();
  const stopped = await untilStill(() => storedIds().length);
  // What fits into the pipe, plus the pending writes and the messages in flight.
  expect(stopped).toBeLessThan(3000);
  device.readers.stdout.resume();
  await log.reached("telemetry", stopped + 1000);
  device.interrupt();
  const { code, stdout } = await device.ended;
  expect(code).toBe(0);
  expect(idsOf(linesOf(stdout, "telemetry"))).toEqual(storedIds());
});

/** The value once it has stopped changing; fails if it does not stop. */
async function untilStill(read: () => number): Promise<number> {
  let value = read();
  for (let tries = 0; tries < 40; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    if (read() === value) return value;
    value = read();
  }
  throw new Error(`still changing at ${value}`);
}
