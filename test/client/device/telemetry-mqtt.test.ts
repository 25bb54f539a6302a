/** Events over MQTT, against a scripted hub that misbehaves. */

import type { IPublishPacket, Packet } from "mqtt-packet";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { OutcomeUnknownError } from "../../../src/client/errors/outcome-unknown-error.ts";
import type { Message } from "../../../src/core/message.ts";
import { atRest } from "../../support/test-clock.ts";
import {
  behave,
  type MqttPeer,
  type ScriptedMqttHub,
  startScriptedMqttHub,
} from "../support/scripted-mqtt-hub.ts";
import { connectSending, type SendingDevice } from "../support/sending-device.ts";
import { timersLeftBy } from "../support/timers.ts";

afterEach(async () => {
  vi.useRealTimers();
});

async function start(
  onPacket: (packet: Packet, peer: MqttPeer) => void = behave,
): Promise<ScriptedMqttHub> {
  const hub = await startScriptedMqttHub(onPacket);
  onTestFinished(() => hub.stop());
  return hub;
}

async function connect(hub: ScriptedMqttHub): Promise<SendingDevice> {
  const device = await connectSending(hub, { transport: "mqtt" });
  onTestFinished(() => device.connection.close());
  return device;
}

const message = (parts: Partial<Message> = {}): Message => ({
  system: {},
  properties: {},
  body: Buffer.from("body"),
  ...parts,
});

const isPublish = (packet: Packet): boolean => packet.cmd === "publish";

async function published(peer: MqttPeer | undefined): Promise<IPublishPacket> {
  return (await peer?.next(isPublish)) as IPublishPacket;
}

function acknowledge(packet: Packet, peer: MqttPeer): void {
  behave(packet, peer);
  if (packet.cmd === "publish") peer.send({ cmd: "puback", messageId: packet.messageId ?? 0 });
}

describe("an event", () => {
  it("has its properties in the topic, including what the SDK drops or garbles", async () => {
    const hub = await start(acknowledge);
    const { connection } = await connect(hub);
    const body = Buffer.from([0, 0xff, 0x80]);
    await connection.sendEvent(
      message({
        system: {
          messageId: "m/1",
          correlationId: "c=1",
          userId: "jemand",
          contentType: "text/plain",
          contentEncoding: "utf-16",
        },
        properties: { lonely: null, empty: "", "ü b": "a&b=c/%", Authorization: "x" },
        body,
      }),
    );
    const packet = await published(hub.peers[0]);
    expect(packet).toMatchObject({ qos: 1, dup: false, retain: false });
    expect(packet.topic).toBe(
      "devices/device1/messages/events/%24.mid=m%2F1&%24.cid=c%3D1&%24.uid=jemand&%24.ct=text%2Fplain&%24.ce=utf-16&lonely&empty=&%C3%BC%20b=a%26b%3Dc%2F%25&Authorization=x",
    );
    expect(packet.payload).toEqual(body);
  });

  it("without properties has a bare topic", async () => {
    const hub = await start(acknowledge);
    const { connection } = await connect(hub);
    await connection.sendEvent(message({ body: Buffer.alloc(0) }));
    expect(await published(hub.peers[0])).toMatchObject({
      topic: "devices/device1/messages/events/",
      payload: Buffer.alloc(0),
    });
  });

  it("with properties longer than a topic is refused, and the connection continues", async () => {
    const hub = await start(acknowledge);
    const { connection, disconnects } = await connect(hub);
    const properties = { long: "%".repeat(30_000) };
    await expect(connection.sendEvent(message({ properties }))).rejects.toMatchObject({
      name: "MessageTooLarge",
      hint: expect.stringContaining("amqp"),
    });
    await connection.sendEvent(message({ properties: { short: "1" } }));
    expect(hub.peers[0]?.received.filter(isPublish)).toHaveLength(1);
    expect(disconnects).toEqual([]);
  });
});

describe("a hub that does not acknowledge", () => {
  it("is waited for longer than by the SDK, and its late acknowledgement counts", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    const hub = await start();
    const { connection } = await connect(hub);
    let isConfirmed = false;
    const sent = connection.sendEvent(message()).then(() => {
      isConfirmed = true;
    });
    const { messageId } = await published(hub.peers[0]);
    await vi.advanceTimersByTimeAsync(59_000);
    await atRest();
    expect(isConfirmed).toBe(false);
    hub.peers[0]?.send({ cmd: "puback", messageId: messageId ?? 0 });
    await sent;
  });

  it("for a minute counts as a lost connection", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const hub = await start();
    const { connection, disconnected } = await connect(hub);
    const sent = expect(connection.sendEvent(message())).rejects.toThrow(OutcomeUnknownError);
    await published(hub.peers[0]);
    await vi.advanceTimersByTimeAsync(60_000);
    await sent;
    expect(await disconnected).toMatchObject({
      name: "ConnectionLost",
      message: expect.stringContaining("60 s"),
    });
  });

  it("does not delay closing the connection", async () => {
    // No time limit can pass: only an orderly close resolves.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const hub = await start();
    const { connection } = await connect(hub);
    const sent = expect(connection.sendEvent(message())).rejects.toThrow(OutcomeUnknownError);
    await published(hub.peers[0]);
    await connection.close();
    await sent;
    await hub.peers[0]?.next((packet) => packet.cmd === "disconnect");
  });
});

it("a connection cut before the acknowledgement leaves the outcome unknown, and no handles", async () => {
  const hub = await start((packet, peer) => {
    if (packet.cmd === "publish") peer.socket.destroy();
    else behave(packet, peer);
  });
  const timers = await timersLeftBy(async () => {
    const { connection, disconnects, disconnected } = await connect(hub);
    const both = Promise.allSettled([message(), message()].map((one) => connection.sendEvent(one)));
    const results = await both;
    for (const result of results) {
      expect(result).toMatchObject({ status: "rejected", reason: { name: "ConnectionLost" } });
      expect((result as PromiseRejectedResult).reason).toBeInstanceOf(OutcomeUnknownError);
    }
    await disconnected;
    await expect(connection.sendEvent(message())).rejects.not.toThrow(OutcomeUnknownError);
    expect(disconnects).toHaveLength(1);
  });
  expect(hub.peers).toHaveLength(1);
  expect(timers).toEqual([]);
});

it("sending continues across a token renewal", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const hub = await start(acknowledge);
  const { connection, disconnects } = await connect(hub);
  await connection.sendEvent(message({ system: { messageId: "before" } }));
  vi.advanceTimersByTime(45 * 60_000);
  await connection.sendEvent(message({ system: { messageId: "after" } }));
  const topics = hub.peers.map(({ received }) =>
    received.flatMap((packet) => (packet.cmd === "publish" ? [packet.topic] : [])),
  );
  expect(topics).toEqual([
    ["devices/device1/messages/events/%24.mid=before"],
    ["devices/device1/messages/events/%24.mid=after"],
  ]);
  expect(disconnects).toEqual([]);
});
