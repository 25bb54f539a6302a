/** The connection of one AMQP base: how it is watched, and how it is ended by force. */

import type { Message } from "../../../core/message.ts";
import type { IncompatiblePackage } from "../../../dependencies/incompatible-package.ts";
import type { InternalsOf } from "../../../dependencies/internals.ts";
import type {
  AmqpInternals,
  AmqpLink,
  AmqpReceiverLink,
  AmqpSenderLink,
  RheaConnection,
  WebSocket,
} from "./amqp-internals.ts";
import { embedMessage } from "./message-property.ts";
import { notIntercepted } from "./patch-sender-link.ts";

type Base = InternalsOf<AmqpInternals["base"]>;

export class WatchedConnection {
  readonly #internals: AmqpInternals;
  readonly #base: Base;
  readonly #onLost: (error: Error | undefined) => void;
  readonly #links: AmqpLink[] = [];
  #fault: IncompatiblePackage | undefined;
  #connection: RheaConnection | undefined;
  #webSocket: WebSocket | undefined;
  #isCut = false;

  /**
   * @param onLost Called when the hub closed a link or the connection, or the socket ended; and with
   * IncompatiblePackage, which the SDK would swallow, when the SDK is not what it is taken for.
   * @throws IncompatiblePackage
   */
  constructor(base: object, internals: AmqpInternals, onLost: (error: Error | undefined) => void) {
    this.#internals = internals;
    this.#base = internals.base.of(base);
    this.#onLost = onLost;
    this.#watchWebSocket(this.#base._rheaContainer);
  }

  /** Tells that the connection is lost, and why: what has been found wrong with the SDK comes first. */
  lose(error: Error | undefined): void {
    this.#onLost(this.#fault ?? error);
  }

  /**
   * Has the SDK's message carry ours, which a mended link sends instead. What throws when it comes to
   * be encoded is rhea, for which that is the end of the connection.
   */
  embedMessage(message: Message, sdkMessage: Parameters<typeof embedMessage>[1]): void {
    embedMessage(message, sdkMessage, () => {
      this.#fault ??= notIntercepted(this.#internals.senderLink);
      return this.#fault;
    });
  }

  /** To be called once connecting has begun. */
  watchConnection(): void {
    const connection = this.#expect(
      () => this.#internals.connecting.of(this.#base)._rheaConnection,
    );
    if (connection === undefined) return;
    this.#connection = connection;
    // After a close by the hub the SDK waits 45 s for answers that cannot come before it tells.
    connection.on("connection_close", () => {
      if (!connection.is_closed()) this.lose(connection.error);
    });
    connection.on("disconnected", (context) => this.lose(context.error));
    // The SDK goes on with an opening that nobody waits for any more.
    if (this.#isCut) setImmediate(() => this.cut());
  }

  /** To be called once there is somewhere to put tokens. */
  watchClaims(): void {
    this.#expect(() => this.#internals.withClaims.of(this.#base));
  }

  /** @returns Undefined when the hub is about to refuse the link: it is not to be used then. */
  adoptReceiver(attached: object): AmqpReceiverLink | undefined {
    const link = this.#expect(() => this.#internals.receiverLink.of(attached));
    if (link === undefined) return undefined;
    const { _rheaReceiver: receiver } = this.#adopt(link);
    // The SDK says nothing of a receiver that was detached without error.
    receiver.on("receiver_close", () => this.lose(receiver.error));
    receiver.on("settled", ({ delivery }) => forgetSettled(link, delivery));
    return isGranted(receiver.source) ? link : undefined;
  }

  /** Of a receiver that is to be refused: what the hub says to that. */
  adoptRefused(attached: object, onRefusal: (error: Error | undefined) => void): void {
    const link = this.#expect(() => this.#internals.receiverLink.of(attached));
    if (link === undefined) return;
    const { _rheaReceiver: receiver } = this.#adopt(link);
    receiver.on("receiver_close", () => onRefusal(receiver.error));
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

  /** @returns Undefined when this is no link to send on. */
  adoptSender(attached: object): AmqpSenderLink | undefined {
    const link = this.#expect(() => this.#internals.senderLink.of(attached));
    return link && this.#adopt(link);
  }

  /**
   * Ends the connection when the hub detaches this link: what was sent over it has no answer to come.
   *
   * @returns False when the hub is about to refuse the link: it is not to be used then.
   */
  restsOn({ _rheaSender: sender }: AmqpSenderLink): boolean {
    sender.on("sender_close", () => this.lose(sender.error));
    return isGranted(sender.target);
  }

  /** Ends socket and timers at once, whatever state the SDK's machines are in. */
  cut(): void {
    this.#isCut = true;
    const { _cbs: cbs, _fsm: fsm } = this.#base;
    const connection = this.#connection;
    // Not connecting yet; or the connection cannot be found, and ends in order at least.
    if (connection === undefined) {
      this.#base.disconnect(() => {});
      return;
    }
    this.#base._disconnectionOccurred = true;
    // Else a frame that is just being read starts another wait for the next one.
    connection.local.open.idle_time_out = 0;
    connection.abort_socket(connection.socket);
    connection.socket.on("error", () => {});
    this.#webSocket?.terminate();
    // An orderly end that was under way waits for these, and holds a timer of 45 s meanwhile.
    if (cbs) for (const link of [cbs._senderLink, cbs._receiverLink]) this.#adopt(link);
    for (const link of this.#links) link.forceDetach(new Error("The connection is closed."));
    cbs?.forceDetach();
    fsm.handle("session_close", {});
    fsm.handle("connection_close", {});
  }

  /** A link without a listener for errors would throw them at whoever ends it. */
  #adopt<T extends AmqpLink>(link: T): T {
    link.on("error", () => {});
    this.#links.push(link);
    return link;
  }

  /** Undefined, and the connection is lost, when the SDK is not what it is taken for. */
  #expect<T>(look: () => T): T | undefined {
    try {
      return look();
    } catch (error) {
      this.lose(error as Error);
      return undefined;
    }
  }

  /** rhea only ever closes it in order, which takes 30 s when the hub does not answer. */
  #watchWebSocket(container: Base["_rheaContainer"]): void {
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

/** Whether the hub has named the other end of a link; one that it refuses has none. */
function isGranted(terminus: object | undefined): boolean {
  return terminus != null && "address" in terminus;
}

/**
 * Forgets a delivery that the hub has settled because its lock ended. Nothing is sent: the SDK keeps
 * what it has not settled, and rhea has room for 2048 deliveries in a session.
 */
function forgetSettled(
  { _undisposedDeliveries: undisposed, _rheaReceiver: receiver }: AmqpReceiverLink,
  settled: { settled: boolean },
): void {
  const index = undisposed.findIndex(({ delivery }) => delivery === settled);
  if (index >= 0) undisposed.splice(index, 1);
  settled.settled = true;
  receiver.connection._register();
}
