/** Each link is connected to its node as long as its credential is valid. */

import type { AmqpError, Connection, EventContext, link as Link, Receiver, Sender } from "rhea";
import { HubError } from "../../core/hub-error.ts";
import { type AmqpNode, parseAmqpAddress } from "../../core/resource-path.ts";
import { openCbsNode, openCbsReplies } from "./nodes/cbs-node.ts";
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

export class AttachedLinks {
  readonly #context: NodeContext;
  readonly #cbsReplies: Replies;
  readonly #managementReplies: Replies;
  readonly #twins: TwinNodes;
  readonly #guarded = new Map<Link, GuardedLink>();

  constructor(context: NodeContext) {
    this.#context = context;
    this.#cbsReplies = new Replies(context.sendBuffer);
    this.#managementReplies = new Replies(context.sendBuffer);
    this.#twins = new TwinNodes(context);
  }

  follow(connection: Connection): void {
    connection.on("sender_open", ({ sender }: EventContext) => {
      if (sender) this.#onSenderOpen(sender);
    });
    connection.on("receiver_open", ({ receiver }: EventContext) => {
      if (receiver) this.#onReceiverOpen(receiver);
    });
    connection.on("sender_close", ({ sender }: EventContext) =>
      this.#end((link) => link === sender),
    );
    connection.on("receiver_close", ({ receiver }: EventContext) =>
      this.#end((link) => link === receiver),
    );
    connection.on("session_close", ({ session }: EventContext) =>
      this.#end((link) => link.session === session),
    );
    connection.on("connection_close", () => this.endAll());
  }

  /** Closes links whose credential is no longer valid. */
  check(): void {
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

  endAll(): void {
    this.#end(() => true);
  }

  #end(isMeant: (link: Link) => boolean): void {
    for (const [link, guarded] of this.#guarded) {
      if (!isMeant(link)) continue;
      this.#guarded.delete(link);
      guarded.end();
    }
  }

  /** The peer wants to receive from the hub. */
  #onSenderOpen(sender: Sender): void {
    const address = String(sender.source?.address ?? "");
    const accept = (): void => {
      agreeToReceiverSettleMode(sender);
      sender.set_source({ address });
      // uamqp treats a link with only one terminus as refused.
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
          throw new HubError("IotHubUnauthorized", "Only devices can send events.");
        default:
          throw notFound(address);
      }
    });
  }

  /** A refused attach has no terminus (rule amqp-attach). */
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
      this.#context.reportRefused(error);
      link.close(this.#refusalOf(error, node));
    }
  }

  #refusalOf(error: unknown, { type }: AmqpNode): AmqpError {
    if (error instanceof Redirection) return error.answer;
    const isEventHub = type === "eventPartition" || type === "eventHubSender";
    return isEventHub ? this.#context.toEventHubError(error) : this.#context.toError(error);
  }
}

/** Event Hubs clients recognise this message and do not retry. */
function notFound(address: string): HubError {
  const message = `The messaging entity '${address}' could not be found.`;
  return new HubError("DeviceNotFound", message);
}
