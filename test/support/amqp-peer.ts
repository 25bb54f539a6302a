import { once } from "node:events";
import type { Duplex } from "node:stream";
import rhea, {
  type AmqpError,
  type Connection,
  type ConnectionOptions,
  type Delivery,
  type EventContext,
  type Message,
  type Receiver,
  type ReceiverOptions,
  type Sender,
  type SenderOptions,
} from "rhea";
import { Inbox } from "./inbox.ts";

export type SendOutcome =
  | { readonly type: "accepted" }
  | { readonly type: "rejected"; readonly condition: string; readonly description: string };

export interface Received {
  readonly message: Message;
  readonly delivery: Delivery;
  readonly receiver: Receiver;
}

/** The service's side of an AMQP connection, over any stream. */
export class AmqpPeer {
  readonly connection: Connection;
  /** Resolves when the connection has ended. */
  readonly closed: Promise<void>;
  readonly #stream: Duplex;

  constructor(stream: Duplex, options: Partial<ConnectionOptions> = {}) {
    this.#stream = stream;
    const container = rhea.create_container({ id: "test" });
    const settings = {
      hostname: "localhost",
      reconnect: false,
      connection_details: () => ({
        host: "localhost",
        port: 1,
        connect: (_port: number, _host: string, _options: unknown, onConnect: () => void) => {
          process.nextTick(onConnect);
          return stream;
        },
      }),
      ...options,
    };
    stream.on("error", () => {});
    this.closed = new Promise((resolve) => {
      stream.once("end", resolve);
      stream.once("close", resolve);
    });
    this.connection = container.connect(settings as unknown as ConnectionOptions);
    for (const event of ["connection_error", "connection_close", "disconnected", "error"]) {
      this.connection.on(event, () => {});
    }
    for (const event of ["session_error", "session_close", "receiver_error", "sender_error"]) {
      this.connection.on(event, () => {});
    }
  }

  async opened(): Promise<this> {
    if (!this.connection.is_open()) await once(this.connection, "connection_open");
    return this;
  }

  /** Attaches a link to send on; rejects with the hub's error when it is refused. */
  async openSender(address: string, options: SenderOptions = {}): Promise<AmqpSender> {
    const link = this.connection.open_sender({ target: { address }, ...options });
    const sender = new AmqpSender(link);
    await attached(link, "sender");
    return sender;
  }

  /** Attaches a link to receive on; rejects with the hub's error when it is refused. */
  async openReceiver(address: string, options: ReceiverOptions = {}): Promise<AmqpReceiver> {
    const settings = { autoaccept: false, autosettle: false, credit_window: 10, ...options };
    const link = this.connection.open_receiver({ source: { address }, ...settings });
    const receiver = new AmqpReceiver(link);
    await attached(link, "receiver");
    return receiver;
  }

  /** Opens both `$cbs` links. */
  async openCbs(): Promise<Cbs> {
    const replies = await this.openReceiver("$cbs", { autoaccept: true, autosettle: true });
    return new Cbs(await this.openSender("$cbs"), replies);
  }

  /** Ends a link, or what it depends on. */
  end(link: Sender | Receiver, end: (typeof LINK_ENDS)[number]): void {
    if (end === "link") link.close();
    if (end === "session") link.session.close();
    if (end === "connection") this.connection.close();
    if (end === "socket") this.destroy();
  }

  /** Stops reading, like a blocked peer. */
  stall(): void {
    this.#stream.pause();
  }

  /** Destroys the connection. */
  destroy(): void {
    this.#stream.destroy();
  }
}

/** How a client can end a link. */
export const LINK_ENDS = ["link", "session", "connection", "socket"] as const;

export class AmqpSender {
  readonly link: Sender;
  readonly #outcomes = new Map<Delivery, (outcome: SendOutcome) => void>();

  constructor(link: Sender) {
    this.link = link;
    link.on("accepted", ({ delivery }: EventContext) => this.#tell(delivery, { type: "accepted" }));
    link.on("rejected", ({ delivery }: EventContext) => {
      const { condition = "", description = "" } = errorOf(delivery?.remote_state) ?? {};
      this.#tell(delivery, { type: "rejected", condition, description });
    });
  }

  /** Sends and resolves to the outcome. */
  send(message: Partial<Message>): Promise<SendOutcome> {
    return new Promise((resolve) => {
      this.#outcomes.set(this.link.send({ body: undefined, ...message }), resolve);
    });
  }

  /** Sends encoded bytes, in this message format, and resolves to the outcome. */
  sendBytes(bytes: Buffer, format = 0): Promise<SendOutcome> {
    return new Promise((resolve) => {
      this.#outcomes.set(this.link.send(bytes, undefined, format), resolve);
    });
  }

  #tell(delivery: Delivery | undefined, outcome: SendOutcome): void {
    if (delivery) this.#outcomes.get(delivery)?.(outcome);
  }
}

export class AmqpReceiver {
  readonly link: Receiver;
  readonly #messages = new Inbox<Received>();

  constructor(link: Receiver) {
    this.link = link;
    link.on("message", ({ message, delivery }: EventContext) => {
      if (message && delivery) this.#messages.push({ message, delivery, receiver: link });
    });
    link.on("receiver_close", () => this.#messages.end("The link was closed."));
  }

  next(): Promise<Received> {
    return this.#messages.next();
  }
}

export class Cbs {
  readonly requests: AmqpSender;
  readonly replies: AmqpReceiver;

  constructor(requests: AmqpSender, replies: AmqpReceiver) {
    this.requests = requests;
    this.replies = replies;
  }

  async putToken(name: string, token: string, message: Partial<Message> = {}): Promise<Message> {
    this.requests.link.send({
      message_id: "request-1",
      application_properties: {
        operation: "put-token",
        type: "servicebus.windows.net:sastoken",
        name,
      },
      body: token,
      ...message,
    });
    return (await this.replies.next()).message;
  }
}

/** Whether the hub attaches the link; it may refuse it only for lack of authorization. */
export function isAuthorized(attached: Promise<unknown>): Promise<boolean> {
  return attached.then(
    () => true,
    (error: AmqpError) => {
      if (error.condition !== "amqp:unauthorized-access") throw error;
      return false;
    },
  );
}

/** The outcome of a receiver that does not settle by itself; rhea's types lack outcomes. */
export function accepted(): Parameters<Delivery["update"]>[1] {
  const make = rhea.message as unknown as { accepted(): { described(): never } };
  return make.accepted().described();
}

/** The body of a message that is one data section. */
export function dataOf({ body }: Message): Buffer {
  return (body as { readonly content: Buffer }).content;
}

/** Resolves once the hub has attached the link; it refuses one by an attach followed by a detach. */
function attached(link: Sender | Receiver, kind: "sender" | "receiver"): Promise<void> {
  return new Promise((resolve, reject) => {
    const onDisconnected = (): void => reject(new Error("disconnected"));
    const finish = (): void => {
      link.connection.off("disconnected", onDisconnected);
      resolve();
    };
    link.once(`${kind}_close`, () => {
      reject(refusalOf(link.error));
      finish();
    });
    // A refusing detach arrives together with its attach, within a tick.
    link.once(`${kind}_open`, () => setImmediate(() => setImmediate(finish)));
    link.connection.once("disconnected", onDisconnected);
  });
}

function refusalOf(error: unknown): Error {
  const { condition = "", description = "", info } = (error ?? {}) as Partial<AmqpError>;
  return Object.assign(new Error(description), { condition, info });
}

function errorOf(state: unknown): Partial<AmqpError> | undefined {
  return (state as { readonly error?: AmqpError } | undefined)?.error;
}
