/** mosquitto_pub and mosquitto_sub as devices. */

import { describe, expect, test } from "vitest";
import type { RunningProgram } from "../support/running-program.ts";
import { createX509Device, writeOtherAuthority } from "./support/certificates.ts";
import { readEvents } from "./support/event-reader.ts";
import { hasProgram } from "./support/external-program.ts";
import {
  connectService,
  DEVICE,
  deviceToken,
  type InteropHub,
  startInteropHub,
  startProgram,
} from "./support/interop-hub.ts";

const MOSQUITTO = { name: "mosquitto_pub", aptPackage: "mosquitto-clients" };
const isInstalled =
  hasProgram("mosquitto_pub", MOSQUITTO) && hasProgram("mosquitto_sub", MOSQUITTO);

const EVENTS = `devices/${DEVICE}/messages/events/`;
const DEVICEBOUND = `devices/${DEVICE}/messages/devicebound/#`;

/** Exit codes of both programs: CONNACK refusals, and a lost connection. */
const REFUSED = { version: 1, credentials: 5 };
const CONNECTION_LOST = 7;

type Program = "mosquitto_pub" | "mosquitto_sub";

/** Starts the program with the options for this device. */
function start(program: Program, interop: InteropHub, ...args: readonly string[]): RunningProgram {
  const where = whereIs(interop);
  const who = ["-i", DEVICE, "-u", userNameOf(DEVICE), "-P", deviceToken(interop)];
  return startProgram(program, [...where, ...who, ...args], interop);
}

function whereIs({ endpoint: { host, port }, hub }: InteropHub): readonly string[] {
  return ["-h", host, "-p", String(port), "--cafile", hub.caFile];
}

function userNameOf(deviceId: string): string {
  return `localhost/${deviceId}/?api-version=2021-04-12`;
}

function subscribe(interop: InteropHub, ...args: readonly string[]): RunningProgram {
  return start("mosquitto_sub", interop, "-t", DEVICEBOUND, ...args);
}

describe.skipIf(!isInstalled)("mosquitto_pub", () => {
  // Rules d2c-mqtt, d2c-properties, mqtt-user-name.
  test.each(["0", "1"])("sends telemetry with QoS %s and its properties", async (qos) => {
    const interop = await startInteropHub();
    const bag = "%24.mid=m1&%24.ct=application%2Fjson&%24.ce=utf-8&k%20%C3%A9=v%2F1&empty=";
    const sent = start("mosquitto_pub", interop, "-t", EVENTS + bag, "-m", '{"x":1}', "-q", qos);
    expect(await sent.ended).toMatchObject({ code: 0, stderr: "" });
    expect(await readEvents(interop, 1)).toMatchObject([
      {
        deviceId: DEVICE,
        messageId: "m1",
        contentType: "application/json",
        properties: { "k é": "v/1", empty: "" },
        body: '{"x":1}',
      },
    ]);
  });

  // Rule d2c-mqtt-retain.
  test("sends a retained message, which is marked", async () => {
    const interop = await startInteropHub();
    const sent = start("mosquitto_pub", interop, "-t", EVENTS, "-m", "x", "-q", "1", "--retain");
    expect((await sent.ended).code).toBe(0);
    expect(await readEvents(interop, 1)).toMatchObject([{ properties: { "mqtt-retain": "true" } }]);
  });

  // Rule mqtt-violation.
  test.each([
    ["QoS 2", ["-t", EVENTS, "-q", "2"]],
    ["another device's topic", ["-t", "devices/other/messages/events/", "-q", "1"]],
    ["an unknown topic", ["-t", "my/topic", "-q", "1"]],
  ])("is disconnected for %s", async (_what, args) => {
    const interop = await startInteropHub({ devices: [DEVICE, "other"] });
    const sent = start("mosquitto_pub", interop, "-m", "x", ...args);
    expect((await sent.ended).code).toBe(CONNECTION_LOST);
    expect(interop.log.of("telemetry")).toEqual([]);
  });

  // Rule mqtt-connack.
  test("reports 'not authorised' for a wrong key", async () => {
    const interop = await startInteropHub();
    const token = deviceToken(interop).replace(/sig=[^&]*/, "sig=AAAA");
    const sent = start("mosquitto_pub", interop, "-t", EVENTS, "-m", "x", "-P", token);
    const { code, stderr } = await sent.ended;
    expect(code).toBe(REFUSED.credentials);
    expect(stderr).toContain("not authorised");
  });

  // Rule mqtt-version.
  test("reports that MQTT 3.1 is not supported", async () => {
    const interop = await startInteropHub();
    const sent = start("mosquitto_pub", interop, "-t", EVENTS, "-m", "x", "-V", "mqttv31");
    const { code, stderr } = await sent.ended;
    expect(code).toBe(REFUSED.version);
    expect(stderr).toContain("unacceptable protocol version");
  });

  // Rule mqtt-version.
  test("cannot connect with MQTT 5", async () => {
    const interop = await startInteropHub();
    const sent = start("mosquitto_pub", interop, "-t", EVENTS, "-m", "x", "-V", "mqttv5");
    expect((await sent.ended).code).not.toBe(0);
    expect(interop.log.of("connectionRefused")).toMatchObject([
      { reason: "only MQTT 3.1.1 is supported" },
    ]);
    expect(interop.log.of("deviceConnected")).toEqual([]);
  });

  test("does not trust the hub without its CA", async () => {
    const interop = await startInteropHub();
    const trust = ["--cafile", await writeOtherAuthority(interop)];
    const sent = start("mosquitto_pub", interop, ...trust, "-t", EVENTS, "-m", "x");
    expect((await sent.ended).code).not.toBe(0);
    await interop.log.reached("handshakeFailed");
    expect(interop.log.all).toHaveLength(1);
  });

  // Rule x509-sign-in.
  test("signs in with a certificate and no password", async () => {
    const interop = await startInteropHub();
    const { certFile, keyFile } = await createX509Device(interop, "x509-device");
    const sent = startProgram(
      "mosquitto_pub",
      [
        ...whereIs(interop),
        ...["--cert", certFile, "--key", keyFile],
        ...["-i", "x509-device", "-u", userNameOf("x509-device")],
        ...["-t", "devices/x509-device/messages/events/", "-m", "x", "-q", "1"],
      ],
      interop,
    );
    expect(await sent.ended).toMatchObject({ code: 0, stderr: "" });
    expect(interop.log.of("telemetry")).toMatchObject([{ deviceId: "x509-device" }]);
  });
});

describe.skipIf(!isInstalled)("mosquitto_sub", () => {
  // Rules mqtt-subscribe, mqtt-puback, mqtt-properties.
  test("receives messages with QoS 1 and completes them", async () => {
    const interop = await startInteropHub();
    const service = await connectService(interop);
    const received = subscribe(interop, "-q", "1", "-C", "2", "-F", "%t %q %r %p");
    for (const messageId of ["m1", "m2"]) {
      const body = Buffer.from(`body of ${messageId}`);
      const properties = { "a b": "c/d" };
      await service.send(DEVICE, { messageId, body, ack: "full", properties });
      expect((await service.feedback.reached(messageId)).statusCode).toBe("Success");
    }
    const { code, stdout } = await received.ended;
    expect(code).toBe(0);
    expect(stdout.trimEnd().split("\n")).toEqual(
      ["m1", "m2"].map((id) => expect.stringMatching(publishOf(id))),
    );
  });

  // Rule mqtt-puback.
  test("receives a message with QoS 0, completed on delivery", async () => {
    const interop = await startInteropHub();
    const service = await connectService(interop);
    const received = subscribe(interop, "-q", "0", "-C", "1", "-F", "%q %p");
    await service.send(DEVICE, { messageId: "m1", body: Buffer.from("x"), ack: "full" });
    expect((await received.ended).stdout).toBe("0 x\n");
    expect((await service.feedback.reached("m1")).statusCode).toBe("Success");
  });

  test("is granted QoS 1 when it requests QoS 2", async () => {
    const interop = await startInteropHub();
    const received = subscribe(interop, "-d", "-q", "2", "-E");
    expect((await received.ended).stdout).toContain("Subscribed (mid: 1): 1");
  });

  // Rule mqtt-session.
  test("receives messages sent while it was offline, with and without a persistent session", async () => {
    const interop = await startInteropHub();
    const service = await connectService(interop);
    expect((await subscribe(interop, "-c", "-q", "1", "-E").ended).code).toBe(0);
    for (const flags of [["-c"], []]) {
      await service.send(DEVICE, { messageId: "m", body: Buffer.from(`for ${flags}`) });
      const received = subscribe(interop, ...flags, "-C", "1");
      expect((await received.ended).stdout).toBe(`for ${flags}\n`);
    }
  });

  // Rule mqtt-will.
  test("has its will published when killed, but not when it disconnects", async () => {
    const interop = await startInteropHub();
    const will = ["--will-topic", `${EVENTS}reason=gone`, "--will-payload", "bye"];
    const flags = [...will, "--will-qos", "1"];
    expect((await subscribe(interop, "-E", ...flags).ended).code).toBe(0);
    const received = subscribe(interop, ...flags);
    const service = await connectService(interop);
    await service.send(DEVICE, { messageId: "m1", body: Buffer.from("are you there?") });
    await interop.log.reached("settled");
    received.process.kill("SIGKILL");
    expect(await readEvents(interop, 1)).toMatchObject([
      { properties: { "iothub-MessageType": "Will", reason: "gone" }, body: "bye" },
    ]);
    expect(interop.log.of("deviceDisconnected")).toHaveLength(2);
  });

  // Rule mqtt-keep-alive.
  test("keeps its connection with PINGREQ", async () => {
    const interop = await startInteropHub();
    // -W ends it after two keep-alives.
    const { stdout } = await subscribe(interop, "-d", "-k", "5", "-W", "10").ended;
    expect(stdout).toMatch(/sending PINGREQ\n.*received PINGRESP\n/);
    expect(interop.log.of("deviceDisconnected")).toMatchObject([
      { reason: "the client disconnected" },
    ]);
  });
});

/** QoS 1, not retained, everything in its topic encoded. */
function publishOf(messageId: string): RegExp {
  const parts = [
    `%24.mid=${messageId}`,
    "%24.to=%2Fdevices%2Fdevice1%2Fmessages%2Fdevicebound",
    "a%20b=c%2Fd",
    "iothub-ack=full",
  ];
  const bag = parts.map((part) => `(?=\\S*${part})`).join("");
  return new RegExp(`^devices/device1/messages/devicebound/${bag}\\S+ 1 0 body of ${messageId}$`);
}
