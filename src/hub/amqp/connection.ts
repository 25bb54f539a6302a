/** One AMQP connection: signing in, and links routed to what they are attached to. */

import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import rhea, {
  type Connection,
  type ConnectionOptions,
  type EventContext,
  type link as Link,
  type Receiver,
  type Sender,
} from "rhea";
import { HubError, toHubError } from "../../core/hub-error.ts";
import { type AmqpNode, parseAmqpAddress } from "../../core/resource-path.ts";
import type { AccessControl } from "../access-control.ts";
import type { Clock } from "../clock.ts";
import type { CloudToDevice } from "../cloud-to-device.ts";
import type { HubEventStream } from "../events.ts";
import type { FeedbackQueue } from "../feedback-queue.ts";
import { findReplyLink, parsePutToken, toCbsReply } from "./cbs.ts";
import { Claims } from "./claims.ts";
import { OutgoingLink } from "./outgoing-link.ts";
import { offerSaslMechanisms } from "./sasl.ts";
import { Settler } from "./settler.ts";
import { toAmqpError, toCloudToDevice, toFeedbackMessage } from "./translate.ts";

export interface AmqpServices {
  readonly access: AccessControl;
  readonly clock: Clock;
  readonly cloudToDevice: CloudToDevice;
  readonly events: HubEventStream;
  readonly feedback: FeedbackQueue;
  /** The hub's own name, which feedback messages carry as user id. */
  readonly hubName: string;
}

/** As the cloud's OPEN frame has it. */
const CONNECTION_OPTIONS = {
  max_frame_size: 65_536,
  channel_max: 8191,
  idle_time_out: 240_000,
} as const;

/** Largest message a link to the hub takes, in bytes; the core refuses smaller ones by their kind. */
const MAX_MESSAGE_SIZE = 1_048_576;

/** Unsettled messages a sender may have in flight; rhea keeps room for 2048 a session. */
const SEND_CREDIT = 1000;

/** Serves AMQP 1.0 on this stream until either side ends it. */
export function serveAmqp(stream: Duplex, services: AmqpServices): void {
  new AmqpConnection(stream, services).start();
}

class AmqpConnection {
  readonly #stream: Duplex;
  readonly #services: AmqpServices;
  readonly #connection: Connection;
  readonly #claims: Claims;
  readonly #settler = new Settler();
  readonly #cbsReplyLinks: Sender[] = [];
  /** Links that rest on a proof, with the check that must still hold when a proof expires. */
  readonly #guarded = new Map<Link, () => void>();

  constructor(stream: Duplex, services: AmqpServices) {
    this.#stream = stream;
    this.#services = services;
    this.#claims = new Claims(services.access, services.clock, () => this.#checkLinks());
    const container = rhea.create_container({
      id: `DeviceGateway_${randomUUID().replaceAll("-", "")}`,
    });
    offerSaslMechanisms(container, (userName, token) => this.#signIn(userName, token));
    const options = {
      ...CONNECTION_OPTIONS,
      receiver_options: { autoaccept: false, credit_window: 0, max_message_size: MAX_MESSAGE_SIZE },
      sender_options: { treat_modified_as_released: false },
    };
    // rhea's types demand a port to connect to; this connection is accepted, not made.
    this.#connection = container.create_connection(options as unknown as ConnectionOptions);
  }

  start(): void {
    const connection = this.#connection;
    connection.on(
      "sender_open",
      ({ sender }: EventContext) => sender && this.#onSenderOpen(sender),
    );
    connection.on("receiver_open", ({ receiver }: EventContext) => {
      if (receiver) this.#onReceiverOpen(receiver);
    });
    connection.on("connection_close", () => this.#stream.end());
    connection.on("disconnected", () => this.#onEnd());
    // What a peer does wrong ends its connection; the hub goes on.
    for (const event of ["error", "connection_error", "session_error", "protocol_error"]) {
      connection.on(event, () => this.#stream.destroy());
    }
    for (const event of ["sender_error", "receiver_error"]) connection.on(event, () => {});
    this.#stream.on("close", () => this.#onEnd());
    accept(connection, this.#stream);
  }

  #signIn(userName: string, token: string): boolean {
    try {
      this.#claims.addPlain(userName, token);
      return true;
    } catch (error) {
      this.#tellRefused(error);
      return false;
    }
  }

  /** The peer wants to receive from the hub. */
  #onSenderOpen(sender: Sender): void {
    this.#attach(sender, sender.source?.address, (node) => {
      sender.set_source({ address: sender.source.address as string });
      switch (node.type) {
        case "cbs":
          this.#cbsReplyLinks.push(sender);
          return undefined;
        case "feedback":
          return this.#openFeedback(sender);
        default:
          throw new HubError("DeviceNotFound", "There is nothing to receive from at this address.");
      }
    });
  }

  /** The peer wants to send to the hub. */
  #onReceiverOpen(receiver: Receiver): void {
    this.#attach(receiver, receiver.target?.address, (node) => {
      receiver.set_target({ address: receiver.target.address as string });
      switch (node.type) {
        case "cbs":
          return this.#openCbs(receiver);
        case "serviceDevicebound":
          return this.#openDevicebound(receiver);
        default:
          throw new HubError("DeviceNotFound", "There is nothing to send to at this address.");
      }
    });
  }

  /** Opens a link to a node, or closes it with the reason; `open` returns the check it rests on. */
  #attach(link: Link, address: unknown, open: (node: AmqpNode) => (() => void) | undefined): void {
    try {
      const check = open(parseAmqpAddress(String(address ?? "")));
      if (check !== undefined) this.#guarded.set(link, check);
    } catch (error) {
      this.#tellRefused(error);
      this.#refuse(link, error);
    }
  }

  #openCbs(receiver: Receiver): undefined {
    receiver.add_credit(SEND_CREDIT);
    receiver.on("message", (context: EventContext) => this.#onPutToken(receiver, context));
  }

  #onPutToken(receiver: Receiver, context: EventContext): void {
    const { message, delivery } = context;
    if (message === undefined || delivery === undefined) return;
    let refusal: unknown;
    try {
      const { audience, token } = parsePutToken(message);
      this.#claims.add(audience, token);
    } catch (error) {
      refusal = error;
      this.#tellRefused(error);
    }
    this.#settler.settle(delivery, { type: "accepted" });
    receiver.add_credit(1);
    // uamqp must see its request accepted before the reply arrives: two ticks later is after that.
    setImmediate(() =>
      setImmediate(() =>
        findReplyLink(context, this.#cbsReplyLinks)?.send(toCbsReply(message, refusal)),
      ),
    );
  }

  #openDevicebound(receiver: Receiver): () => void {
    const check = (): void => this.#claims.authorize("ServiceConnect", ["messages", "devicebound"]);
    check();
    receiver.add_credit(SEND_CREDIT);
    receiver.on("message", (context: EventContext) => this.#onCloudToDevice(receiver, context));
    return check;
  }

  #onCloudToDevice(receiver: Receiver, { message, delivery }: EventContext): void {
    if (message === undefined || delivery === undefined) return;
    const enqueue = async (): Promise<void> => {
      const parsed = toCloudToDevice(message);
      await this.#services.cloudToDevice.send(parsed.deviceId, parsed.message);
    };
    enqueue()
      .then(
        () => this.#settler.settle(delivery, { type: "accepted" }),
        (error: unknown) =>
          this.#settler.settle(delivery, { type: "rejected", error: this.#toError(error) }),
      )
      .finally(() => receiver.add_credit(1));
  }

  #openFeedback(sender: Sender): () => void {
    const check = (): void => {
      this.#claims.authorize("ServiceConnect", ["messages", "serviceBound", "feedback"]);
    };
    check();
    const { feedback, hubName, clock } = this.#services;
    const link = new OutgoingLink(sender, {
      onCredit: () => subscription.wake(),
      settle: async (lockToken, settlement) => {
        const isSettled = await subscription.settle(lockToken, settlement);
        if (!isSettled)
          throw new HubError("DeviceMessageLockLost", "The lock on the feedback ran out.");
      },
      onClose: () => subscription.close(),
      nowMs: () => clock.nowMs(),
    });
    const subscription = feedback.subscribe({
      hasCredit: () => link.hasCredit(),
      deliver: ({ records, enqueuedTimeMs, lockToken }) =>
        link.send(toFeedbackMessage(records, { enqueuedTimeMs, hubName }), lockToken),
    });
    return check;
  }

  #checkLinks(): void {
    for (const [link, check] of this.#guarded) {
      try {
        check();
      } catch (error) {
        this.#guarded.delete(link);
        link.close(this.#toError(error));
      }
    }
  }

  /** A refused attach is answered without the terminus, then closed with the error. */
  #refuse(link: Link, error: unknown): void {
    link.close(this.#toError(error));
  }

  #toError(error: unknown): ReturnType<typeof toAmqpError> {
    return toAmqpError(error, randomUUID().replaceAll("-", ""), this.#services.clock.nowMs());
  }

  #tellRefused(error: unknown): void {
    const { name, message: reason } = toHubError(error);
    this.#services.events.emit({ type: "connectionRefused", protocol: "amqp", name, reason });
  }

  #onEnd(): void {
    this.#claims.close();
    this.#guarded.clear();
    this.#stream.destroy();
  }
}

/** rhea's types leave out `accept`, which its own listener uses. */
function accept(connection: Connection, stream: Duplex): void {
  (connection as Connection & { accept(socket: Duplex): void }).accept(stream);
}
