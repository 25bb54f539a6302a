import mqtt, { type Packet } from "mqtt-packet";

export const MQTT_3_1_1 = { protocolVersion: 4 };

interface ParserUser {
  onParsed(packet: Packet): void;
  onMalformed(error: Error): void;
}

/** Shared by all streams that are between two packets: one for each would be most of the memory of an idle device. */
export class PacketParser {
  static #spare: PacketParser | undefined;

  readonly #parser = mqtt.parser(MQTT_3_1_1);
  #user: ParserUser | undefined;
  /** Of the packet that has begun. */
  #openBytes = 0;
  #isReusable = true;

  constructor() {
    this.#parser.on("packet", (packet) => {
      this.#openBytes -= sizeOf(packet);
      // From CONNECT on, the parser expects packets of that protocol version.
      if (packet.cmd === "connect") this.#isReusable = false;
      this.#user?.onParsed(packet);
    });
    this.#parser.on("error", (error) => {
      this.#isReusable = false;
      this.#user?.onMalformed(error);
    });
  }

  /** For a stream that is between two packets. */
  static borrow(): PacketParser {
    const parser = PacketParser.#spare ?? new PacketParser();
    PacketParser.#spare = undefined;
    return parser;
  }

  /** @returns Whether the stream is between two packets now, and needs this parser no longer. */
  parse(chunk: Buffer, user: ParserUser): boolean {
    this.#user = user;
    this.#openBytes += chunk.length;
    this.#parser.parse(chunk);
    this.#user = undefined;
    if (this.#openBytes > 0) return false;
    if (this.#isReusable) PacketParser.#spare = this;
    return true;
  }
}

/** With its fixed header. A longer form of its length than necessary is not counted. */
function sizeOf({ length = 0 }: Packet): number {
  let size = 2 + length;
  for (let rest = length >> 7; rest > 0; rest >>= 7) size += 1;
  return size;
}
