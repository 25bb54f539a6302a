import type { Duplex } from "node:stream";
import mqtt, { type Packet } from "mqtt-packet";
import type { Clock } from "../../async/clock.ts";
import { Gatherer } from "../../async/gatherer.ts";
import { MQTT_3_1_1, PacketParser } from "./packet-parser.ts";

/** A full telemetry message with its topic fits (assumed). */
const MAX_PACKET_BYTES = 512 * 1024;

/** Waiting to be processed or stored; above it, the hub stops reading. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** For the last bytes to be sent before the connection is destroyed. */
const LAST_BYTES_TIMEOUT_MS = 5000;

export interface Endable {
  /** Only the first call has an effect. */
  end(reason: string): void;
}

/** Ended at least once: when the stream has ended, or contains a malformed packet. */
interface PacketHandler extends Endable {
  /** Called for one packet at a time: for the next once a promise has resolved. Never rejects. */
  onPacket(packet: Packet): Promise<void> | undefined;
}

/** There is one for each device: an idle one keeps nothing that it can create when needed. */
export class PacketStream {
  /** What is sent in a tick is written at its end: as one TLS record for each stream. */
  static readonly #sending = new Gatherer<PacketStream>((streams) => {
    for (const stream of streams) stream.#write();
  });

  readonly #stream: Duplex;
  readonly #clock: Clock;
  readonly #handler: PacketHandler;
  /** Of a packet that is incomplete. */
  #parser: PacketParser | undefined;
  #waitingBytes = 0;
  #bytesSincePacket = 0;
  /** While a packet is being handled: until the last of those that wait for it is, too. */
  #handled: Promise<void> | undefined;
  #outgoing: Buffer[] | undefined;

  constructor(stream: Duplex, clock: Clock, handler: PacketHandler) {
    this.#stream = stream;
    this.#clock = clock;
    this.#handler = handler;
  }

  start(): void {
    this.#stream.on("data", (chunk: Buffer) => this.#parse(chunk));
    this.#stream.on("error", (error) => this.#handler.end(error.message));
    this.#stream.on("close", () => this.#handler.end("the client closed the connection"));
  }

  #parse(chunk: Buffer): void {
    this.#bytesSincePacket += chunk.length;
    const parser = this.#parser ?? PacketParser.borrow();
    this.#parser = parser.parse(chunk, this) ? undefined : parser;
    if (this.#bytesSincePacket > MAX_PACKET_BYTES) this.#handler.end("the packet is too large");
  }

  onParsed(packet: Packet): void {
    this.#bytesSincePacket = 0;
    const before = this.#handled;
    const handled =
      before === undefined
        ? this.#handler.onPacket(packet)
        : before.then(() => this.#handler.onPacket(packet));
    if (handled !== undefined) this.#waitFor(handled, packet);
  }

  onMalformed({ message }: Error): void {
    this.#handler.end(`malformed packet: ${message}`);
  }

  send(packet: Packet): void {
    if (!this.#stream.writable) return;
    const bytes = mqtt.generate(packet, MQTT_3_1_1);
    if (this.#outgoing !== undefined) {
      this.#outgoing.push(bytes);
      return;
    }
    this.#outgoing = [bytes];
    PacketStream.#sending.add(this);
  }

  #write(): void {
    const packets = this.#outgoing;
    this.#outgoing = undefined;
    if (packets === undefined || !this.#stream.writable) return;
    this.#stream.write(packets.length === 1 ? packets[0] : Buffer.concat(packets));
  }

  #waitFor(handled: Promise<void>, packet: Packet): void {
    const last = this.countUntil(handled, packet).then(() => {
      if (this.#handled === last) this.#handled = undefined;
    });
    this.#handled = last;
  }

  /** `done` never rejects. */
  countUntil(done: Promise<void>, { length = 0 }: Packet): Promise<void> {
    this.#count(length);
    return done.then(() => this.#count(-length));
  }

  #count(bytes: number): void {
    this.#waitingBytes += bytes;
    if (this.#waitingBytes > MAX_WAITING_BYTES) this.#stream.pause();
    else if (this.#stream.isPaused()) this.#stream.resume();
  }

  /** After what has been sent. */
  close(): void {
    if (this.#stream.destroyed) return;
    this.#write();
    const cancelCut = this.#clock.setTimer(LAST_BYTES_TIMEOUT_MS, () => this.#stream.destroy());
    this.#stream.once("close", cancelCut);
    this.#stream.end(() => this.#stream.destroy());
  }
}
