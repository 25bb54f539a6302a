/** Of the SDKs' AMQP base; azure-iothub and the device packages each have a copy. */

import type { PackagePath } from "../../../dependencies/incompatible-package.ts";
import {
  flag,
  type InternalsOf,
  internals,
  list,
  maybe,
  method,
  nullable,
  number,
  object,
} from "../../../dependencies/internals.ts";

interface UndisposedDelivery {
  readonly delivery: { settled: boolean };
}

export interface SdkAmqpMessage {
  message_id?: string;
  correlation_id?: string;
  user_id?: Buffer;
  application_properties?: Record<string, unknown>;
}

interface RheaContext {
  readonly error?: Error;
  readonly delivery: UndisposedDelivery["delivery"];
}

type On = (event: string, listener: (context: RheaContext) => void) => void;

export interface WebSocket {
  terminate(): void;
}

type WebSocketConstructor = new (...args: readonly unknown[]) => WebSocket;

type Done = (error?: Error | null, result?: object) => void;

export function declareAmqpBase(path: PackagePath) {
  const rhea: PackagePath = [...path, "rhea"];
  const on = method<On>();
  const forceDetach = method<(error?: Error) => void>();
  const receiver = internals(rhea, "Receiver", {
    on,
    error: nullable(object<Error>()),
    /** Granted by the hub; without address if it is about to refuse the link. */
    source: nullable(object()),
    credit: number,
    drain: flag,
    add_credit: method<(credit: number) => void>(),
    session: { _write_flow: method<(receiver: object) => void>() },
    connection: { _register: method<() => void>() },
  });
  const sender = internals(rhea, "Sender", {
    on,
    error: nullable(object<Error>()),
    target: nullable(object()),
  });
  const connection = internals(rhea, "Connection", {
    on,
    error: nullable(object<Error>()),
    socket: { on },
    local: { open: { idle_time_out: number } },
    close: method<() => void>(),
    is_closed: method<() => boolean>(),
    abort_socket: method<(socket: object) => void>(),
  });
  const receiverLink = internals(path, "ReceiverLink", {
    on,
    forceDetach,
    _undisposedDeliveries: list<UndisposedDelivery>(),
    _rheaReceiver: receiver,
  });
  const senderLink = internals(path, "SenderLink", {
    on,
    forceDetach,
    send: method<(message: SdkAmqpMessage, callback: Done) => void>(),
    _rheaSender: sender,
  });
  /** Exist even before they are attached. */
  const claimsLink = internals(path, "link of ClaimsBasedSecurityAgent", { on, forceDetach });
  const claims = internals(path, "ClaimsBasedSecurityAgent", {
    _senderLink: claimsLink,
    _receiverLink: claimsLink,
    forceDetach,
  });
  const event = method<(context: object) => void>();
  return {
    receiverLink,
    senderLink,
    /** We replace these, and the transport above calls them. */
    methods: internals(path, "Amqp", {
      connect: method<(config: object, done: Done) => void>(),
      initializeCBS: method<(done: (error?: Error) => void) => void>(),
      putToken: method<(audience: string, token: string, done: (error?: Error) => void) => void>(),
      attachReceiverLink: method<(endpoint: string, options: object | null, done: Done) => void>(),
      attachSenderLink: method<(endpoint: string, options: object | null, done: Done) => void>(),
    }),
    base: internals(path, "Amqp", {
      _rheaContainer: {
        websocket_connect: method<(implementation: WebSocketConstructor) => unknown>(),
      },
      disconnect: method<(done: () => void) => void>(),
      _cbs: maybe(claims),
      _disconnectionOccurred: flag,
      _fsm: {
        handle: method<(event: "session_close" | "connection_close", context: object) => void>(),
        states: { disconnecting: { session_close: event, connection_close: event } },
      },
    }),
    /** Set once connecting has begun. */
    connecting: internals(path, "Amqp", { _rheaConnection: connection }),
    /** Set once the claims links are open. */
    withClaims: internals(path, "Amqp", { _cbs: claims }),
  };
}

export type AmqpInternals = ReturnType<typeof declareAmqpBase>;
export type AmqpLink = Pick<AmqpReceiverLink, "on" | "forceDetach">;
export type AmqpReceiverLink = InternalsOf<AmqpInternals["receiverLink"]>;
export type AmqpSenderLink = InternalsOf<AmqpInternals["senderLink"]>;
export type RheaConnection = InternalsOf<AmqpInternals["connecting"]>["_rheaConnection"];
export type RheaReceiver = AmqpReceiverLink["_rheaReceiver"];
