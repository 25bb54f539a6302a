import type { Duplex } from "node:stream";
import mqtt, {
  type IConnackPacket,
  type IConnectPacket,
  type IPublishPacket,
  type Packet,
} from "mqtt-packet";
import { Inbox } from "./inbox.ts";

/** The device's side of an MQTT connection, packet by packet. */
export class MqttPeer {
  readonly #stream: Duplex;
  readonly #packets = new Inbox<Packet>();
  /** Resolves when the hub has ended the connection. */
  readonly closed: Promise<void>;

  constructor(stream: Duplex) {
    this.#stream = stream;
    const parser = mqtt.parser({ protocolVersion: 4 });
    parser.on("packet", (packet) => this.#packets.push(packet));
    stream.on("data", (chunk: Buffer) => parser.parse(chunk));
    stream.on("error", () => {});
    this.closed = new Promise((resolve) => {
      const finish = (): void => {
        this.#packets.end("The hub closed the connection.");
        resolve();
      };
      stream.once("end", finish);
      stream.once("close", finish);
    });
  }

  send(packet: Packet): void {
    this.sendBytes(mqtt.generate(packet, { protocolVersion: 4 }));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#stream.write(bytes);
  }

  next(): Promise<Packet> {
    return this.#packets.next();
  }

  async nextPublish(): Promise<IPublishPacket> {
    const packet = await this.next();
    if (packet.cmd !== "publish") throw new Error(`expected PUBLISH, got ${packet.cmd}`);
    return packet;
  }

  async connect(fields: Partial<IConnectPacket>): Promise<IConnackPacket> {
    this.send(connectPacket(fields));
    const packet = await this.next();
    if (packet.cmd !== "connack") throw new Error(`expected CONNACK, got ${packet.cmd}`);
    return packet;
  }

  async subscribe(topic: string, qos: 0 | 1 | 2 = 1): Promise<readonly unknown[]> {
    this.send({ cmd: "subscribe", messageId: 77, subscriptions: [{ topic, qos }] });
    const packet = await this.next();
    if (packet.cmd !== "suback") throw new Error(`expected SUBACK, got ${packet.cmd}`);
    return packet.granted;
  }

  acknowledge({ messageId }: Pick<IPublishPacket, "messageId">): void {
    this.send({ cmd: "puback", messageId: messageId ?? 0 });
  }

  /** Resolves once the hub has handled everything sent so far; fails if it sent anything else. */
  async ping(): Promise<void> {
    this.send({ cmd: "pingreq" });
    const packet = await this.next();
    if (packet.cmd !== "pingresp") throw new Error(`expected PINGRESP, got ${packet.cmd}`);
  }

  /** Resolves when the hub has ended the connection; fails if it sent anything before that. */
  async closedSilently(): Promise<void> {
    await this.closed;
    const last = await this.next().catch(() => undefined);
    if (last !== undefined) throw new Error(`expected no packet, got ${last.cmd}`);
  }

  /** Stops reading, as a stuck device does. */
  stall(): void {
    this.#stream.pause();
  }

  destroy(): void {
    this.#stream.destroy();
  }
}

export function connectPacket(fields: Partial<IConnectPacket>): IConnectPacket {
  return {
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: 4,
    clean: false,
    keepalive: 180,
    clientId: "device1",
    ...fields,
  };
}

export function publishPacket(fields: Partial<IPublishPacket>): IPublishPacket {
  const packet = { cmd: "publish", topic: "", payload: "", qos: 0 } as const;
  return { ...packet, dup: false, retain: false, ...fields };
}
