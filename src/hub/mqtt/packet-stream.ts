import type { Duplex } from "node:stream";
import mqtt, { type Packet } from "mqtt-packet";
import type { Clock } from "../../async/clock.ts";

/** A full telemetry message with its topic fits (assumed). */
const MAX_PACKET_BYTES = 512 * 1024;

/** Waiting to be processed or stored; above it, the hub stops reading. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** For the last bytes to be sent before the connection is destroyed. */
const LAST_BYTES_TIMEOUT_MS = 5000;

const MQTT_3_1_1 = { protocolVersion: 4 };

interface PacketHandlers {
  /** Called for one packet at a time: for the next once the promise has resolved. Never rejects. */
  onPacket(packet: Packet): Promise<void>;
  /** The stream has ended, or contains a malformed packet. Called at least once. */
  onBroken(reason: string): void;
}

export class PacketStream {
  readonly #stream: Duplex;
  readonly #clock: Clock;
  #waitingBytes = 0;
  #bytesSincePacket = 0;
  #handled: Promise<void> = Promise.resolve();

  constructor(stream: Duplex, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
  }

  start({ onPacket, onBroken }: PacketHandlers): void {
    const parser = mqtt.parser(MQTT_3_1_1);
    parser.on("packet", (packet) => {
      this.#bytesSincePacket = 0;
      this.#handled = this.countUntil(
        this.#handled.then(() => onPacket(packet)),
        packet,
      );
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
    if (this.#stream.writable) this.#stream.write(mqtt.generate(packet, MQTT_3_1_1));
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
    const cancelCut = this.#clock.setTimer(LAST_BYTES_TIMEOUT_MS, () => this.#stream.destroy());
    this.#stream.once("close", cancelCut);
    this.#stream.end(() => this.#stream.destroy());
  }
}
