/** One AMQP connection: signing in, and links routed to the nodes they are attached to. */

import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import rhea, {
  type AmqpError,
  type Connection,
  type ConnectionOptions,
  type EventContext,
  type link as Link,
  type Receiver,
  type Sender,
} from "rhea";
import { HubError, toHubError } from "../../core/hub-error.ts";
import { type AmqpNode, parseAmqpAddress } from "../../core/resource-path.ts";
import type { IncomingConnection } from "../listener/incoming-connection.ts";
import type { AccessControl } from "../model/access-control.ts";
import type { CloudToDevice } from "../model/cloud-to-device.ts";
import type { DeviceConnections } from "../model/connections.ts";
import type { DeviceToCloud } from "../model/device-to-cloud.ts";
import type { HubEventStream } from "../model/events.ts";
import type { FeedbackQueue } from "../model/feedback-queue.ts";
import type { Clock } from "../runtime/clock.ts";
import { Claims } from "./claims.ts";
import { openCbsNode, openCbsReplies } from "./nodes/cbs-node.ts";
import { DeviceLinks } from "./nodes/device-links.ts";
import { openDeviceNode } from "./nodes/device-node.ts";
import {
  openManagementNode,
  openManagementReplies,
  openPartitionNode,
} from "./nodes/event-nodes.ts";
import type { GuardedLink, NodeContext } from "./nodes/node-context.ts";
import { Redirection, redirect } from "./nodes/redirection.ts";
import { Replies } from "./nodes/replies.ts";
import { openDeviceboundNode, openFeedbackNode, openSilentNode } from "./nodes/service-nodes.ts";
import { openTelemetryNode } from "./nodes/telemetry-node.ts";
import { openDeviceLink, TwinNodes } from "./nodes/twin-node.ts";
import { agreeToReceiverSettleMode, returnProperties } from "./rhea/attach-fields.ts";
import { findDeliveriesById } from "./rhea/delivery-ids.ts";
import { tellLinksApart } from "./rhea/link-names.ts";
import { INCOMING_WINDOW, limitHandles, OPEN_FIELDS } from "./rhea/opening.ts";
import { Outflow } from "./rhea/outflow.ts";
import { Settler } from "./rhea/settler.ts";
import { writeTrailingNulls } from "./rhea/trailing-nulls.ts";
import { offerSaslMechanisms } from "./sasl.ts";
import { toAmqpError, toEventHubError } from "./translate.ts";

export interface AmqpServices {
  readonly access: AccessControl;
  readonly clock: Clock;
  readonly cloudToDevice: CloudToDevice;
  readonly connections: DeviceConnections;
  readonly deviceToCloud: DeviceToCloud;
  readonly events: HubEventStream;
  readonly feedback: FeedbackQueue;
  readonly hubName: string;
}

/**
 * Largest message of a link in either direction, in bytes, as the cloud announces it. The core refuses
 * smaller ones by their kind.
 */
const MAX_MESSAGE_SIZE = 1_048_576;

/**
 * Bytes of a message that is still arriving above which its connection is cut: rhea would gather one
 * of any size. Whoever errs by less is told what is wrong.
 */
const MAX_UNFINISHED_BYTES = 4 * MAX_MESSAGE_SIZE;

/** How long a connection may take to sign in and open, in milliseconds (rule amqp-open-timeout). */
const OPEN_TIMEOUT_MS = 30_000;

/** What `amqps` means without a port. */
const AMQPS_PORT = 5671;

/** Serves AMQP 1.0 on this stream until either side ends it. */
export function serveAmqp(
  stream: Duplex,
  services: AmqpServices,
  from: IncomingConnection = {},
): void {
  new AmqpConnection(stream, services, from).start();
}

class AmqpConnection {
  readonly #stream: Duplex;
  readonly #services: AmqpServices;
  readonly #connection: Connection;
  readonly #context: NodeContext;
  readonly #outflow: Outflow;
  readonly #cbsReplies: Replies;
  readonly #managementReplies: Replies;
  readonly #twins: TwinNodes;
  /** Open links that rest on a proof, or leave something to end. */
  readonly #guarded = new Map<Link, GuardedLink>();
  #cancelOpenTimer = () => {};
  #isEnded = false;

  constructor(
    stream: Duplex,
    services: AmqpServices,
    { port = AMQPS_PORT, certificate }: IncomingConnection,
  ) {
    this.#stream = stream;
    this.#services = services;
    this.#outflow = new Outflow(stream);
    this.#cbsReplies = new Replies(this.#outflow);
    this.#managementReplies = new Replies(this.#outflow);
    this.#context = {
      ...services,
      claims: new Claims({ ...services, certificate, onExpiry: () => this.#checkLinks() }),
      deviceLinks: new DeviceLinks(services.connections),
      outflow: this.#outflow,
      settler: new Settler(),
      whereabouts: () => ({ hostName: this.#hostName(), port }),
      toError: (error) => toAmqpError(error, createTrackingId(), services.clock.nowMs()),
      toEventHubError: (error) =>
        toEventHubError(error, createTrackingId(), services.clock.nowMs()),
      tellRefused: (error) => this.#tellRefused(error),
    };
    this.#twins = new TwinNodes(this.#context);
    this.#connection = this.#createConnection();
  }

  start(): void {
    const connection = this.#connection;
    connection.on("session_open", ({ session }: EventContext) => {
      if (session === undefined) return;
      limitHandles(session);
      tellLinksApart(session);
      findDeliveriesById(session);
    });
    connection.on(
      "sender_open",
      ({ sender }: EventContext) => sender && this.#onSenderOpen(sender),
    );
    connection.on("receiver_open", ({ receiver }: EventContext) => {
      if (receiver) this.#onReceiverOpen(receiver);
    });
    connection.on("sender_close", ({ sender }: EventContext) =>
      this.#endLinks((link) => link === sender),
    );
    connection.on("receiver_close", ({ receiver }: EventContext) =>
      this.#endLinks((link) => link === receiver),
    );
    connection.on("session_close", ({ session }: EventContext) =>
      this.#endLinks((link) => link.session === session),
    );
    connection.on("connection_close", () => this.#endLinks(() => true));
    connection.on("connection_open", () => this.#cancelOpenTimer());
    connection.on("disconnected", () => this.#onEnd());
    // What a peer does wrong ends its connection; the hub goes on.
    for (const event of ["error", "connection_error", "session_error", "protocol_error"]) {
      connection.on(event, () => this.#stream.destroy());
    }
    for (const event of ["sender_error", "receiver_error"]) connection.on(event, () => {});
    this.#stream.on("close", () => this.#onEnd());
    this.#cancelOpenTimer = this.#services.clock.setTimer(OPEN_TIMEOUT_MS, () => this.#onEnd());
    accept(connection, this.#stream);
    writeTrailingNulls(connection);
    this.#stream.on("data", () => {
      const isFrameTooLarge = incomingFrameSize(connection) > OPEN_FIELDS.max_frame_size;
      if (isFrameTooLarge || hasOversizeMessage(connection)) this.#onEnd();
      else this.#outflow.lookSoon();
    });
  }

  #createConnection(): Connection {
    const container = rhea.create_container({ id: `DeviceGateway_${createTrackingId()}` });
    offerSaslMechanisms(container, (userName, password) => this.#signIn(userName, password));
    const options = {
      ...OPEN_FIELDS,
      session_buffer_size: { incoming: INCOMING_WINDOW },
      receiver_options: { autoaccept: false, credit_window: 0, max_message_size: MAX_MESSAGE_SIZE },
      sender_options: { treat_modified_as_released: false, max_message_size: MAX_MESSAGE_SIZE },
    };
    // rhea's types demand a port to connect to; this connection is accepted, not made.
    return container.create_connection(options as unknown as ConnectionOptions);
  }

  #signIn(userName: string, password: string): boolean {
    try {
      this.#context.claims.addPlain(userName, password);
      return true;
    } catch (error) {
      this.#tellRefused(error);
      return false;
    }
  }

  /** The peer wants to receive from the hub. */
  #onSenderOpen(sender: Sender): void {
    const address = String(sender.source?.address ?? "");
    const accept = (): void => {
      agreeToReceiverSettleMode(sender);
      sender.set_source({ address });
      // uamqp takes a link with one end alone for a refusal.
      sender.set_target({ address: sender.target?.address });
    };
    this.#attach(sender, address, accept, (node) => {
      switch (node.type) {
        case "cbs":
          return openCbsReplies(sender, this.#cbsReplies);
        case "feedback":
          return openFeedbackNode(sender, this.#context);
        case "deviceDevicebound":
          return openDeviceNode(sender, node.deviceId, this.#context);
        case "deviceTwin":
          return this.#twins.openReplies(sender, node.deviceId);
        case "deviceMethods":
          return openDeviceLink(sender, node.deviceId, this.#context);
        case "fileNotifications":
          return openSilentNode(sender, this.#context);
        case "eventPartition":
          return openPartitionNode(sender, node, this.#context);
        case "eventManagement":
          return openManagementReplies(sender, this.#managementReplies, this.#context);
        case "eventRedirect":
          return redirect(node, this.#context);
        default:
          throw notFound(address);
      }
    });
  }

  /** The peer wants to send to the hub. */
  #onReceiverOpen(receiver: Receiver): void {
    const address = String(receiver.target?.address ?? "");
    const accept = (): void => {
      receiver.set_target({ address });
      receiver.set_source({ address: receiver.source?.address });
    };
    this.#attach(receiver, address, accept, (node) => {
      switch (node.type) {
        case "cbs":
          openCbsNode(receiver, this.#cbsReplies, this.#context);
          return;
        case "serviceDevicebound":
          return openDeviceboundNode(receiver, this.#context);
        case "deviceEvents":
          return openTelemetryNode(receiver, node.deviceId, this.#context);
        case "deviceTwin":
          return this.#twins.openRequests(receiver, node.deviceId);
        case "deviceMethods":
          return openDeviceLink(receiver, node.deviceId, this.#context);
        case "eventManagement":
          return openManagementNode(receiver, this.#managementReplies, this.#context);
        case "eventRedirect":
          return redirect(node, this.#context);
        case "eventHubSender":
          throw new HubError("IotHubUnauthorized", "Events come from devices alone.");
        default:
          throw notFound(address);
      }
    });
  }

  /** Opens a link, or closes it with the reason why not: then the attach names no terminus (rule amqp-attach). */
  #attach(
    link: Link,
    address: string,
    accept: () => void,
    open: (node: AmqpNode) => GuardedLink | undefined,
  ): void {
    const node = parseAmqpAddress(address);
    returnProperties(link);
    try {
      const guarded = open(node);
      accept();
      if (guarded !== undefined) this.#guarded.set(link, guarded);
    } catch (error) {
      this.#tellRefused(error);
      link.close(this.#refusalOf(error, node));
    }
  }

  #refusalOf(error: unknown, { type }: AmqpNode): AmqpError {
    if (error instanceof Redirection) return error.answer;
    const isEventHub = type === "eventPartition" || type === "eventHubSender";
    return isEventHub ? this.#context.toEventHubError(error) : this.#context.toError(error);
  }

  /** The name the peer has called the hub by, when it is one of the hub's. */
  #hostName(): string {
    const { hostname = "" } = remoteOpen(this.#connection);
    return this.#services.access.answersTo(hostname) ? hostname : this.#services.hubName;
  }

  /** Closes the links whose proof has gone. */
  #checkLinks(): void {
    for (const [link, guarded] of this.#guarded) {
      try {
        guarded.check();
      } catch (error) {
        this.#guarded.delete(link);
        guarded.close(this.#context.toError(error));
        guarded.end();
      }
    }
  }

  #endLinks(isMeant: (link: Link) => boolean): void {
    for (const [link, guarded] of this.#guarded) {
      if (!isMeant(link)) continue;
      this.#guarded.delete(link);
      guarded.end();
    }
  }

  #tellRefused(error: unknown): void {
    const { name, message: reason } = toHubError(error);
    if (name !== "IotHubUnauthorized") return;
    this.#services.events.emit({ type: "connectionRefused", protocol: "amqp", name, reason });
  }

  #onEnd(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    stopHeartbeats(this.#connection);
    this.#cancelOpenTimer();
    this.#context.claims.close();
    this.#endLinks(() => true);
    this.#stream.destroy();
  }
}

/** Clients of event hubs know by these words that another try is of no use. */
function notFound(address: string): HubError {
  const message = `The messaging entity '${address}' could not be found.`;
  return new HubError("DeviceNotFound", message);
}

function createTrackingId(): string {
  return randomUUID().replaceAll("-", "");
}

/** The fields of the peer's OPEN; rhea's types leave it out. */
function remoteOpen(connection: Connection): { readonly hostname?: string } {
  type Opened = { readonly remote: { readonly open?: { readonly hostname?: string } } };
  return (connection as unknown as Opened).remote.open ?? {};
}

/** Size of the frame that is arriving; rhea would gather one of any size. */
function incomingFrameSize(connection: Connection): number {
  return (connection as Connection & { readonly frame_size?: number }).frame_size ?? 0;
}

/** True when a message that is still arriving is too large; rhea's types leave its frames out. */
function hasOversizeMessage(connection: Connection): boolean {
  type Arriving = { readonly _incomplete?: { readonly frames: readonly Buffer[] } };
  let isFound = false;
  connection.each_receiver((link: Link) => {
    const { frames = [] } = (link as unknown as Arriving)._incomplete ?? {};
    isFound ||= frames.reduce((sum, { length }) => sum + length, 0) > MAX_UNFINISHED_BYTES;
  });
  return isFound;
}

/** rhea stops its timers when the stream ends, but not when it is destroyed. */
function stopHeartbeats(connection: Connection): void {
  (connection as Connection & { eof(): void }).eof();
}

/** rhea's types leave out `accept`, which its own listener uses. */
function accept(connection: Connection, stream: Duplex): void {
  (connection as Connection & { accept(socket: Duplex): void }).accept(stream);
}
