import type { Duplex } from "node:stream";
import mqtt, { type Packet } from "mqtt-packet";
import type { Clock } from "../../async/clock.ts";
import { Gatherer } from "../../async/gatherer.ts";

/** A full telemetry message with its topic fits (assumed). */
const MAX_PACKET_BYTES = 512 * 1024;

/** Waiting to be processed or stored; above it, the hub stops reading. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** For the last bytes to be sent before the connection is destroyed. */
const LAST_BYTES_TIMEOUT_MS = 5000;

const MQTT_3_1_1 = { protocolVersion: 4 };

interface PacketHandlers {
  /** Called for one packet at a time: for the next once a promise has resolved. Never rejects. */
  onPacket(packet: Packet): Promise<void> | undefined;
  /** The stream has ended, or contains a malformed packet. Called at least once. */
  onBroken(reason: string): void;
}

export class PacketStream {
  readonly #stream: Duplex;
  readonly #clock: Clock;
  #waitingBytes = 0;
  #bytesSincePacket = 0;
  /** While a packet is being handled: until the last of those that wait for it is, too. */
  #handled: Promise<void> | undefined;
  /** What is sent in a tick is written at once: as one TLS record. */
  readonly #outgoing = new Gatherer<Buffer>((packets) => this.#write(packets));

  constructor(stream: Duplex, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
  }

  start({ onPacket, onBroken }: PacketHandlers): void {
    const parser = mqtt.parser(MQTT_3_1_1);
    parser.on("packet", (packet) => {
      this.#bytesSincePacket = 0;
      const before = this.#handled;
      const handled = before === undefined ? onPacket(packet) : before.then(() => onPacket(packet));
      if (handled !== undefined) this.#waitFor(handled, packet);
    });
    parser.on("error", (error) => onBroken(`malformed packet: ${error.message}`));
    this.#stream.on("data", (chunk: Buffer) => {
      this.#bytesSincePacket += chunk.length;
      parser.parse(chunk);
      if (this.#bytesSincePacket > MAX_PACKET_BYTES) onBroken("the packet is too large");
    });
    this.#stream.on("error", (error) => onBroken(error.message));
    this.#stream.on("close", () => onBroken("the client closed the connection"));
  }

  send(packet: Packet): void {
    if (this.#stream.writable) this.#outgoing.add(mqtt.generate(packet, MQTT_3_1_1));
  }

  #write(packets: readonly Buffer[]): void {
    if (!this.#stream.writable) return;
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
    this.#outgoing.flush();
    const cancelCut = this.#clock.setTimer(LAST_BYTES_TIMEOUT_MS, () => this.#stream.destroy());
    this.#stream.once("close", cancelCut);
    this.#stream.end(() => this.#stream.destroy());
  }
}
