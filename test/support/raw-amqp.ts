import { createRequire } from "node:module";
import type { Duplex } from "node:stream";
import rhea, { type Message } from "rhea";
import { Inbox } from "./inbox.ts";
import { HOST, type TestHub } from "./test-hub.ts";

type FrameType =
  | "open"
  | "begin"
  | "attach"
  | "flow"
  | "transfer"
  | "disposition"
  | "detach"
  | "end"
  | "close"
  | SaslFrameType;

type SaslFrameType = "sasl_mechanisms" | "sasl_init" | "sasl_outcome";

export interface RawFrame {
  /** `empty` is the keep-alive frame. */
  readonly type: FrameType | "empty";
  readonly channel: number;
  /** By AMQP name; absent fields are null or undefined. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The fields as encoded, including trailing nulls that were sent. */
  readonly list: readonly unknown[];
  readonly payload: Buffer | undefined;
  /** The whole frame. */
  readonly bytes: Buffer;
}

interface Performative {
  readonly value: readonly unknown[];
}

/** rhea's codec, without the state of a connection; rhea's types omit it. */
type Codec = {
  amqp_frame(channel: number, performative: unknown, payload?: Buffer): object;
  sasl_frame(performative: unknown): object;
  read_frame(bytes: Buffer): { channel: number; performative?: Performative; payload?: Buffer };
  write_frame(frame: object): Buffer;
} & { readonly [Type in FrameType]: (fields: object) => Performative };

const codec = createRequire(import.meta.url)("rhea/lib/frames.js") as Codec;

/** Protocol headers. */
const HEADERS = {
  amqp: Buffer.from("AMQP\u0000\u0001\u0000\u0000", "latin1"),
  sasl: Buffer.from("AMQP\u0003\u0001\u0000\u0000", "latin1"),
};

const HEADER_BYTES = 8;

/** Descriptors of a terminus. */
const [SOURCE, TARGET] = [0x28, 0x29];

/** A stateless AMQP peer that sends frames one by one. */
export class RawAmqp {
  readonly #stream: Duplex;
  readonly #frames = new Inbox<RawFrame>();
  #bytes = Buffer.alloc(0);
  #isHeaderRead = false;

  constructor(stream: Duplex, layer: keyof typeof HEADERS = "amqp") {
    this.#stream = stream;
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => this.#read(chunk));
    stream.write(HEADERS[layer]);
  }

  /** Signed in with a policy, by default one that allows every link. */
  static async connect(hub: TestHub, policy = "iothubowner", open: object = {}): Promise<RawAmqp> {
    const peer = new RawAmqp(hub.rawAmqp().clientEnd);
    await peer.open(open);
    await peer.putToken(HOST, hub.policyToken(policy));
    return peer;
  }

  send(type: FrameType, fields: object, payload?: Buffer, channel = 0): void {
    const performative = codec[type](fields);
    this.#stream.write(codec.write_frame(codec.amqp_frame(channel, performative, payload)));
  }

  sendSasl(type: SaslFrameType, fields: object): void {
    this.#stream.write(codec.write_frame(codec.sasl_frame(codec[type](fields))));
  }

  /** The next frame of any type. */
  next(): Promise<RawFrame> {
    return this.#frames.next();
  }

  /** The next frame of this type; frames before it are dropped. */
  until(type: RawFrame["type"]): Promise<RawFrame> {
    return this.#frames.until((frame) => frame.type === type);
  }

  /** Sends OPEN and BEGIN, and resolves to the hub's. */
  async open(open: object = {}, begin: object = {}): Promise<{ open: RawFrame; begin: RawFrame }> {
    this.send("open", { container_id: "raw", hostname: "localhost", ...open });
    const windows = { incoming_window: 2048, outgoing_window: 2048 };
    this.send("begin", { next_outgoing_id: 0, ...windows, ...begin });
    return { open: await this.until("open"), begin: await this.until("begin") };
  }

  /** Attaches a link to send on, and resolves to the hub's attach. */
  attachSender(handle: number, address: string, fields: object = {}): Promise<RawFrame> {
    return this.#attach({ handle, role: false, initial_delivery_count: 0, ...fields }, address);
  }

  /** Attaches a link to receive on, and resolves to the hub's attach. */
  attachReceiver(handle: number, address: string, fields: object = {}): Promise<RawFrame> {
    return this.#attach({ handle, role: true, ...fields }, address);
  }

  #attach(fields: object, address: string): Promise<RawFrame> {
    const { handle } = fields as { handle: number };
    const ends = { source: terminus(SOURCE, address), target: terminus(TARGET, address) };
    this.send("attach", { name: `link-${handle}`, ...ends, ...fields });
    return this.until("attach");
  }

  /** Grants credit on this handle. */
  grant(handle: number, credit: number, fields: object = {}): void {
    const session = { next_incoming_id: 0, incoming_window: 2048 };
    const outgoing = { next_outgoing_id: 0, outgoing_window: 2048 };
    this.send("flow", {
      ...session,
      ...outgoing,
      handle,
      delivery_count: 0,
      link_credit: credit,
      ...fields,
    });
  }

  /** Sends a message; the peer's delivery ids start at 0. */
  transfer(handle: number, deliveryId: number, message: Message, fields: object = {}): void {
    const delivery = { delivery_id: deliveryId, delivery_tag: Buffer.from([deliveryId]) };
    const transfer = { handle, message_format: 0, ...delivery, ...fields };
    this.send("transfer", transfer, rhea.message.encode(message));
  }

  /** Puts this token on `$cbs`, on handles 0 and 1 and with delivery id 0. */
  async putToken(name: string, token: string): Promise<void> {
    await this.attachReceiver(0, "$cbs");
    await this.attachSender(1, "$cbs");
    this.grant(0, 1);
    const type = "servicebus.windows.net:sastoken";
    this.transfer(1, 0, {
      message_id: "token",
      application_properties: { operation: "put-token", type, name },
      body: token,
    });
    const { payload } = await this.until("transfer");
    const { application_properties } = rhea.message.decode(payload ?? Buffer.alloc(0));
    if (application_properties?.["status-code"] !== 200) throw new Error("the token was refused");
  }

  #read(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    if (!this.#isHeaderRead) {
      if (this.#bytes.length < HEADER_BYTES) return;
      this.#bytes = this.#bytes.subarray(HEADER_BYTES);
      this.#isHeaderRead = true;
    }
    while (this.#bytes.length >= 4 && this.#bytes.length >= this.#bytes.readUInt32BE()) {
      const size = this.#bytes.readUInt32BE();
      this.#frames.push(readFrame(this.#bytes.subarray(0, size)));
      this.#bytes = this.#bytes.subarray(size);
    }
  }
}

function readFrame(bytes: Buffer): RawFrame {
  const { channel, performative, payload } = codec.read_frame(bytes);
  const rest = { channel, payload, bytes };
  if (performative === undefined) return { type: "empty", fields: {}, list: [], ...rest };
  const [type] = String(performative.constructor).split("#") as [FrameType];
  const fields: Record<string, unknown> = {};
  for (const name in performative) fields[name] = (performative as never)[name];
  return { type, fields, list: performative.value, ...rest };
}

function terminus(type: number, address: string): unknown {
  const { wrap_described, wrap_list } = rhea.types;
  return wrap_described(wrap_list([address] as never), type as never);
}
