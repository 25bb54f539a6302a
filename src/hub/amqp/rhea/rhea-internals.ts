import type { Duplex } from "node:stream";
import type { AmqpError, Message as AmqpMessage, Delivery, link as Link, Typed } from "rhea";
import type { PackagePath } from "../../../dependencies/incompatible-package.ts";
import {
  type InternalsOf,
  internals,
  list,
  maybe,
  method,
  nullable,
  number,
  object,
  text,
} from "../../../dependencies/internals.ts";

const RHEA: PackagePath = ["rhea"];

type Outcome = (fields?: { readonly error: AmqpError }) => { described(): unknown };
const outcome = method<Outcome>();

type ReadItems = (count: number, ...rest: readonly unknown[]) => unknown[];

export const CODEC = internals(RHEA, "rhea", {
  types: {
    Reader: object<new (buffer: Buffer) => object>(),
    Writer: object<new () => { write(section: Typed): void; toBuffer(): Buffer }>(),
  },
  message: {
    properties:
      method<(fields: AmqpMessage) => { readonly value: readonly unknown[]; described(): Typed }>(),
    accepted: outcome,
    rejected: outcome,
    released: outcome,
  },
});

export const READER_CLASS = internals(RHEA, "Reader", {
  prototype: { read_n: method<ReadItems>(), read_array_items: method<ReadItems>() },
});

/** Of one frame or one message. */
export const READER = internals(RHEA, "Reader", { buffer: object<Buffer>() });

export const DATA_BODY = internals(RHEA, "data section", {
  collect_sections: method<(sections: Typed[]) => void>(),
});

export const PERFORMATIVE = internals(RHEA, "performative", {
  constructor: { descriptor: { numeric: number } },
  value: list<unknown>(),
});

export type Performative = InternalsOf<typeof PERFORMATIVE>;

/** An empty frame has no performative. */
export interface Frame {
  readonly performative?: Performative;
}

const transport = { encode: method<(frame: Frame) => void>() };

export const CONNECTION = internals(RHEA, "Connection", {
  accept: method<(socket: Duplex) => void>(),
  eof: method<() => void>(),
  _register: method<() => void>(),
  _process: method<() => void>(),
  frame_size: maybe(number),
  remote: { open: maybe({ hostname: nullable(text) }) },
});

/** For peers with and without a SASL layer: by protocol id, 3 being SASL. */
export const ACCEPTED_CONNECTION = internals(RHEA, "Connection", {
  amqp_transport: transport,
  sasl_transport: { transports: { 3: { transport } } },
});

type OnAttach = (frame: { readonly performative: Attach }) => void;

export interface Attach {
  readonly name: string;
  readonly handle: number;
  /** True when the peer receives. */
  readonly role: boolean;
  readonly properties?: Readonly<Record<string, unknown>>;
  /** One or several. */
  readonly desired_capabilities?: unknown;
  readonly snd_settle_mode?: number;
  readonly rcv_settle_mode?: number;
}

export const SESSION = internals(RHEA, "Session", {
  links: object<Record<string, Link>>(),
  create_link: method<(name: string, ...rest: unknown[]) => Link>(),
  create_sender: method<(name: string) => Link>(),
  create_receiver: method<(name: string) => Link>(),
  on_attach: method<OnAttach>(),
  remove_link: method<(link: Link) => void>(),
  remote: { handles: object<Record<number, Link>>() },
  local: { begin: { handle_max: nullable(number) } },
  outgoing: {
    next_pending_delivery: number,
    deliveries: { by_id: method<(id: number) => Delivery | undefined>() },
  },
});

export const LINK = internals(RHEA, "link", {
  on_attach: method<OnAttach>(),
  credit: number,
  local: {
    attach: {
      properties: nullable(object<Readonly<Record<string, unknown>>>()),
      max_message_size: nullable(number),
      snd_settle_mode: nullable(number),
      rcv_settle_mode: nullable(number),
    },
  },
  remote: { attach: maybe(object<Attach>()) },
});

export const ATTACHED_LINK = internals(RHEA, "link", {
  remote: {
    attach: object<Attach>(),
  },
});

export const RECEIVER = internals(RHEA, "Receiver", {
  /** A partly received message; its first frame may have no content. */
  _incomplete: maybe({ frames: list<Buffer | undefined>() }),
});

/** Within a frame of a peer that has opened the connection. */
export const READING_CONNECTION = internals(RHEA, "Connection", {
  frame_size: number,
  remote: { open: { hostname: nullable(text) } },
  local: { open: PERFORMATIVE },
});

/** Within a message. */
export const READING_RECEIVER = internals(RHEA, "Receiver", {
  _incomplete: { frames: list<Buffer | undefined>() },
});

export const DELIVERY = internals(RHEA, "Delivery", { data: list<Buffer>() });
