/** The hub's event hub: partitions to read from, and a node that tells what there is. */

import type { Receiver, Sender } from "rhea";
import { type EventPosition, parseEventPosition } from "../../core/event-position.ts";
import { EVENT_HUB_NAME, type EventPartition } from "../../core/resource-path.ts";
import { toManagementReply } from "./event-management.ts";
import { LinkCredit } from "./link-credit.ts";
import type { GuardedLink, NodeContext } from "./node-context.ts";
import type { Replies } from "./replies.ts";
import { answerRequests } from "./request-node.ts";
import { toEventMessage } from "./telemetry.ts";

const SELECTOR_FILTER = "apache.org:selector-filter:string";
const EPOCH = "com.microsoft:epoch";

/** `{event hub}/ConsumerGroups/{group}/Partitions/{n}` (rules event-position, event-epoch). */
export function openPartitionNode(
  sender: Sender,
  partition: EventPartition,
  context: NodeContext,
): GuardedLink {
  const { claims, deviceToCloud, toError } = context;
  const check = (): void => claims.authorize("ServiceConnect", partition.segments);
  check();
  const epoch = readEpoch(sender);
  const credit = new LinkCredit(sender);
  const close: GuardedLink["close"] = (error) => {
    subscription.close();
    sender.close(error);
  };
  const subscription = deviceToCloud.subscribe(
    { partition, position: readPosition(sender), ...(epoch !== undefined && { epoch }) },
    {
      hasCredit: () => sender.is_open() && credit.isLeft,
      deliver: (event) => credit.use(sender.send(toEventMessage(event))),
      onStolen: (error) => close(toError(error)),
    },
  );
  sender.on("sendable", () => subscription.wake());
  sender.on("sender_draining", () => {
    subscription.wake();
    // The credit that is left has nothing to wait for.
    sender.set_drained(true);
  });
  return { check, close, end: () => subscription.close() };
}

/** `$management`: READ tells of the event hub and its partitions (rule event-management). */
export function openManagementNode(
  receiver: Receiver,
  replies: Replies,
  context: NodeContext,
): GuardedLink {
  const { claims, deviceToCloud } = context;
  const check = (): void => claims.authorize("ServiceConnect", [EVENT_HUB_NAME, "$management"]);
  check();
  answerRequests(receiver, replies, context, (request) =>
    toManagementReply(request, deviceToCloud),
  );
  return { check, close: (error) => receiver.close(error), end: () => {} };
}

function readPosition(sender: Sender): EventPosition {
  const filter: unknown = (sender.source as { filter?: Record<string, unknown> }).filter?.[
    SELECTOR_FILTER
  ];
  if (filter === undefined || filter === null) return { type: "start" };
  return parseEventPosition(String(filter));
}

function readEpoch(sender: Sender): number | undefined {
  const epoch = remoteProperties(sender)[EPOCH];
  return epoch === undefined || epoch === null ? undefined : Number(epoch);
}

/** The properties of the peer's attach; rhea's types leave it out. */
function remoteProperties(sender: Sender): Readonly<Record<string, unknown>> {
  type Attached = { readonly remote: { readonly attach: { readonly properties?: object } } };
  return { ...(sender as unknown as Attached).remote.attach.properties };
}
