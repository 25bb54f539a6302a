/** What we touch inside the SDKs' AMQP base; azure-iothub and the device packages each carry a copy. */

export interface AmqpLink {
  on(event: "error", listener: () => void): void;
  forceDetach(error: Error): void;
}

/** A message that has come and that the SDK could still settle. */
interface UndisposedDelivery {
  readonly delivery: { settled: boolean };
}

export interface AmqpReceiverLink extends AmqpLink {
  readonly _undisposedDeliveries: UndisposedDelivery[];
  readonly _rheaReceiver: {
    readonly error?: Error;
    credit: number;
    readonly session: { _write_flow(receiver: object): void };
    readonly connection: { _register(): void };
    /** What the hub granted; without address when it refuses the link and says why in a moment. */
    readonly source: object;
    drain: boolean;
    add_credit(credit: number): void;
    on(event: "receiver_close" | "receiver_drained", listener: () => void): void;
    on(
      event: "settled",
      listener: (context: { readonly delivery: UndisposedDelivery["delivery"] }) => void,
    ): void;
  };
}

/**
 * Forgets a delivery that the hub has settled because its lock ended. Nothing is sent: the SDK keeps
 * what it has not settled, and rhea has room for 2048 deliveries in a session.
 */
function forgetSettled(
  { _undisposedDeliveries: undisposed, _rheaReceiver: receiver }: AmqpReceiverLink,
  settled: UndisposedDelivery["delivery"],
): void {
  const index = undisposed.findIndex(({ delivery }) => delivery === settled);
  if (index >= 0) undisposed.splice(index, 1);
  settled.settled = true;
  receiver.connection._register();
}

export interface AmqpSenderLink extends AmqpLink {
  readonly _rheaSender: {
    readonly error?: Error;
    /** What the hub granted; without address when it refuses the link and says why in a moment. */
    readonly target: object;
    on(event: "sender_close", listener: () => void): void;
  };
}

interface RheaContext {
  readonly error?: Error;
}

interface RheaConnection {
  readonly error?: Error;
  readonly socket: { on(event: "error", listener: () => void): void };
  readonly local: { readonly open: { idle_time_out?: number } };
  is_closed(): boolean;
  on(event: "connection_close" | "disconnected", listener: (context: RheaContext) => void): void;
  abort_socket(socket: unknown): void;
}

/** What the SDK uses of the package ws. */
interface WebSocket {
  terminate(): void;
}

type WebSocketConstructor = new (...args: readonly unknown[]) => WebSocket;

/** The private fields of an AMQP base. */
interface AmqpBaseInternals {
  readonly _rheaContainer: { websocket_connect(implementation: WebSocketConstructor): unknown };
  readonly _rheaConnection?: RheaConnection;
  readonly _cbs?: {
    readonly _senderLink: AmqpLink;
    readonly _receiverLink: AmqpLink;
    forceDetach(): void;
  };
  _disconnectionOccurred: boolean;
  readonly _fsm: { handle(event: "session_close" | "connection_close", context: object): void };
}

/** The connection of one AMQP base: how it is watched, and how it is ended by force. */
export class AmqpLifeline {
  readonly #base: AmqpBaseInternals;
  readonly #onLost: (error: Error | undefined) => void;
  readonly #links: AmqpLink[] = [];
  #webSocket: WebSocket | undefined;
  #isCut = false;

  /** @param onLost Called when the hub closed a link or the connection, or the socket ended. */
  constructor(base: object, onLost: (error: Error | undefined) => void) {
    this.#base = base as AmqpBaseInternals;
    this.#onLost = onLost;
    this.#watchWebSocket(this.#base._rheaContainer);
  }

  /** To be called once connecting has begun. */
  watchConnection(): void {
    // After a close by the hub the SDK waits 45 s for answers that cannot come before it tells.
    const connection = this.#base._rheaConnection;
    connection?.on("connection_close", () => {
      if (!connection.is_closed()) this.#onLost(connection.error);
    });
    connection?.on("disconnected", (context) => this.#onLost(context.error));
    // The SDK goes on with an opening that nobody waits for any more.
    if (this.#isCut) setImmediate(() => this.cut());
  }

  /** A link without a listener for errors would throw them at whoever ends it. */
  adopt<T extends AmqpLink>(link: T): T {
    link.on("error", () => {});
    this.#links.push(link);
    return link;
  }

  /** @returns False when the hub is about to refuse the link: it is not to be used then. */
  adoptReceiver(link: AmqpReceiverLink): boolean {
    const { _rheaReceiver: receiver } = this.adopt(link);
    // The SDK says nothing of a receiver that was detached without error.
    receiver.on("receiver_close", () => this.#onLost(receiver.error));
    receiver.on("settled", ({ delivery }) => forgetSettled(link, delivery));
    return "address" in receiver.source;
  }

  /**
   * Takes the credit back: what is given back from now on goes to others. Only the hub is told, for
   * rhea would complain on the console of what is on its way already.
   */
  stopReceiving({ _rheaReceiver: receiver }: AmqpReceiverLink): void {
    const { credit } = receiver;
    receiver.credit = 0;
    receiver.session._write_flow(receiver);
    receiver.credit = credit;
    receiver.connection._register();
  }

  /** @returns False when the hub is about to refuse the link: it is not to be used then. */
  adoptSender(link: AmqpSenderLink): boolean {
    const { _rheaSender: sender } = this.adopt(link);
    // What was sent over a link that the hub has detached has no answer to come.
    sender.on("sender_close", () => this.#onLost(sender.error));
    return "address" in sender.target;
  }

  /** Ends socket and timers at once, whatever state the SDK's machines are in. */
  cut(): void {
    this.#isCut = true;
    const { _rheaConnection: connection, _cbs: cbs, _fsm: fsm } = this.#base;
    if (connection === undefined) return;
    this.#base._disconnectionOccurred = true;
    // Else a frame that is just being read starts another wait for the next one.
    connection.local.open.idle_time_out = 0;
    connection.abort_socket(connection.socket);
    connection.socket.on("error", () => {});
    this.#webSocket?.terminate();
    // An orderly end that was under way waits for these, and holds a timer of 45 s meanwhile.
    if (cbs) for (const link of [cbs._senderLink, cbs._receiverLink]) this.adopt(link);
    for (const link of this.#links) link.forceDetach(new Error("The connection is gone."));
    cbs?.forceDetach();
    fsm.handle("session_close", {});
    fsm.handle("connection_close", {});
  }

  /** rhea only ever closes it in order, which takes 30 s when the hub does not answer. */
  #watchWebSocket(container: AmqpBaseInternals["_rheaContainer"]): void {
    const connect = container.websocket_connect.bind(container);
    container.websocket_connect = (implementation) =>
      connect(
        new Proxy(implementation, {
          construct: (target, args) => {
            this.#webSocket = new target(...args);
            return this.#webSocket;
          },
        }),
      );
  }
}
