import mqtt, { type Packet } from "mqtt-packet";
import { expect, test } from "vitest";
import { PacketParser } from "../../../src/hub/mqtt/packet-parser.ts";

class Stream {
  readonly packets: Packet[] = [];
  readonly errors: Error[] = [];
  #parser: PacketParser | undefined;

  receive(chunk: Buffer): void {
    const parser = this.#parser ?? PacketParser.borrow();
    this.#parser = parser.parse(chunk, this) ? undefined : parser;
  }

  onParsed(packet: Packet): void {
    this.packets.push(packet);
  }

  onMalformed(error: Error): void {
    this.errors.push(error);
  }
}

function publish(topic: string, bytes: number): Buffer {
  const payload = Buffer.alloc(bytes, "x");
  return mqtt.generate({ cmd: "publish", topic, payload, qos: 0, dup: false, retain: false });
}

function connect(protocolVersion: 4 | 5): Buffer {
  return mqtt.generate({
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion,
    clientId: "device1",
  });
}

const SUBSCRIBE = mqtt.generate({
  cmd: "subscribe",
  messageId: 1,
  subscriptions: [{ topic: "devices/device1/messages/devicebound/#", qos: 1 }],
});

test.each([0, 100, 20_000])(
  "streams whose packets of %i bytes come in parts keep them apart",
  (size) => {
    const [first, second] = [new Stream(), new Stream()];
    const bytes = publish("first", size);
    for (let at = 0; at < bytes.length; at += Math.max(1, size >> 4)) {
      first.receive(bytes.subarray(at, at + Math.max(1, size >> 4)));
      second.receive(publish("second", size));
    }
    expect(first.packets).toMatchObject([{ topic: "first", length: size + 7 }]);
    expect(new Set(second.packets.map((packet) => "topic" in packet && packet.topic))).toEqual(
      new Set(["second"]),
    );
    expect([...first.errors, ...second.errors]).toEqual([]);
  },
);

test("a stream keeps its parser from the first byte of a packet on", () => {
  const [first, second] = [new Stream(), new Stream()];
  first.receive(Buffer.concat([publish("one", 3), SUBSCRIBE.subarray(0, 1)]));
  second.receive(SUBSCRIBE);
  first.receive(SUBSCRIBE.subarray(1));
  expect(first.packets.map(({ cmd }) => cmd)).toEqual(["publish", "subscribe"]);
  expect(second.packets.map(({ cmd }) => cmd)).toEqual(["subscribe"]);
});

test("a CONNECT of MQTT 5 changes nothing for other streams", () => {
  new Stream().receive(connect(5));
  const other = new Stream();
  other.receive(SUBSCRIBE);
  expect(other).toMatchObject({ packets: [{ cmd: "subscribe", messageId: 1 }], errors: [] });
});

test("a malformed packet changes nothing for other streams", () => {
  const broken = new Stream();
  broken.receive(Buffer.from([0x82, 0xff, 0xff, 0xff, 0xff, 0xff]));
  const other = new Stream();
  other.receive(SUBSCRIBE);
  expect(broken.errors).toHaveLength(1);
  expect(other).toMatchObject({ packets: [{ cmd: "subscribe" }], errors: [] });
});
