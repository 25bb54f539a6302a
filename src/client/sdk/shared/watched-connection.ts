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
   * @param onLost Called when the hub closed a link or the connection, or the socket ended; and
   * with IncompatiblePackage, which the SDK would swallow.
   * @throws IncompatiblePackage
   */
  constructor(base: object, internals: AmqpInternals, onLost: (error: Error | undefined) => void) {
    this.#internals = internals;
    this.#base = internals.base.of(base);
    this.#onLost = onLost;
    this.#watchWebSocket(this.#base._rheaContainer);
  }

  /** An incompatible SDK takes precedence over `error`. */
  lose(error: Error | undefined): void {
    this.#onLost(this.#fault ?? error);
  }

  /** If the SDK's message is encoded all the same, rhea throws, which ends the connection. */
  embedMessage(message: Message, sdkMessage: Parameters<typeof embedMessage>[1]): void {
    embedMessage(message, sdkMessage, () => {
      this.#fault ??= notIntercepted(this.#internals.senderLink);
      return this.#fault;
    });
  }

  /** Call once connecting has begun. */
  watchConnection(): void {
    const connection = this.#expect(
      () => this.#internals.connecting.of(this.#base)._rheaConnection,
    );
    if (connection === undefined) return;
    this.#connection = connection;
    // After a close by the hub the SDK reports it only after 45 s of waiting for answers.
    connection.on("connection_close", () => {
      if (!connection.is_closed()) this.lose(connection.error);
    });
    connection.on("disconnected", (context) => this.lose(context.error));
    // The SDK continues an open that nobody waits for any more.
    if (this.#isCut) setImmediate(() => this.cut());
  }

  /** Call once the claims links are open. */
  watchClaims(): void {
    this.#expect(() => this.#internals.withClaims.of(this.#base));
  }

  /** Undefined when the hub is about to refuse the link. */
  adoptReceiver(attached: object): AmqpReceiverLink | undefined {
    const link = this.#expect(() => this.#internals.receiverLink.of(attached));
    if (link === undefined) return undefined;
    const { _rheaReceiver: receiver } = this.#adopt(link);
    // The SDK does not report a receiver that was detached without error.
    receiver.on("receiver_close", () => this.lose(receiver.error));
    receiver.on("settled", ({ delivery }) => forgetSettled(link, delivery));
    return isGranted(receiver.source) ? link : undefined;
  }

  adoptRefused(attached: object, onRefusal: (error: Error | undefined) => void): void {
    const link = this.#expect(() => this.#internals.receiverLink.of(attached));
    if (link === undefined) return;
    const { _rheaReceiver: receiver } = this.#adopt(link);
    receiver.on("receiver_close", () => onRefusal(receiver.error));
  }

  /** Only the hub is told: rhea would log an error for messages already in flight. */
  stopReceiving({ _rheaReceiver: receiver }: AmqpReceiverLink): void {
    const { credit } = receiver;
    receiver.credit = 0;
    receiver.session._write_flow(receiver);
    receiver.credit = credit;
    receiver.connection._register();
  }

  adoptSender(attached: object): AmqpSenderLink | undefined {
    const link = this.#expect(() => this.#internals.senderLink.of(attached));
    return link && this.#adopt(link);
  }

  /** The connection ends with this link. False when the hub is about to refuse it. */
  restsOn({ _rheaSender: sender }: AmqpSenderLink): boolean {
    sender.on("sender_close", () => this.lose(sender.error));
    return isGranted(sender.target);
  }

  /**
   * Resolves with the hub's answer, after which only `cut` is left to do. The SDK's own close takes
   * an exchange for each link, the session and the connection.
   */
  end(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return Promise.resolve();
    // Otherwise the SDK would take the answer for a loss, and detach its links one by one.
    this.#base._disconnectionOccurred = true;
    return new Promise((resolve) => {
      connection.on("connection_close", () => resolve());
      connection.on("disconnected", () => resolve());
      connection.close();
    });
  }

  /** Works in any state of the SDK. */
  cut(): void {
    this.#isCut = true;
    const { _cbs: cbs, _fsm: fsm } = this.#base;
    const connection = this.#connection;
    // Not connecting yet; or the connection cannot be found, so it is at least closed in order.
    if (connection === undefined) {
      this.#base.disconnect(() => {});
      return;
    }
    this.#base._disconnectionOccurred = true;
    // Otherwise a frame that is being read would start another wait for the next one.
    connection.local.open.idle_time_out = 0;
    connection.abort_socket(connection.socket);
    connection.socket.on("error", () => {});
    this.#webSocket?.terminate();
    // An orderly close in progress waits for these, with a timer of 45 s.
    if (cbs) for (const link of [cbs._senderLink, cbs._receiverLink]) this.#adopt(link);
    for (const link of this.#links) link.forceDetach(new Error("The connection is closed."));
    cbs?.forceDetach();
    fsm.handle("session_close", {});
    fsm.handle("connection_close", {});
  }

  /** A link without an error listener would throw when it is closed. */
  #adopt<T extends AmqpLink>(link: T): T {
    link.on("error", () => {});
    this.#links.push(link);
    return link;
  }

  /** Undefined, and the connection is reported as lost, if the SDK is incompatible. */
  #expect<T>(look: () => T): T | undefined {
    try {
      return look();
    } catch (error) {
      this.lose(error as Error);
      return undefined;
    }
  }

  /** rhea closes it only in order, which takes 30 s when the hub does not respond. */
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

/** The hub's attach names a terminus, but not that of a refused link. */
function isGranted(terminus: object | undefined): boolean {
  return terminus != null && "address" in terminus;
}

/** A delivery whose lock ended would hold one of rhea's 2048 places per session. */
function forgetSettled(
  { _undisposedDeliveries: undisposed, _rheaReceiver: receiver }: AmqpReceiverLink,
  settled: { settled: boolean },
): void {
  const index = undisposed.findIndex(({ delivery }) => delivery === settled);
  if (index >= 0) undisposed.splice(index, 1);
  settled.settled = true;
  receiver.connection._register();
}
