import type { Message as AmqpMessage, Receiver, Sender } from "rhea";
import { type EventPosition, parseEventPosition } from "../../../core/events/event-position.ts";
import { HubError } from "../../../core/hub-error.ts";
import { EVENT_HUB_NAME, type EventPartition } from "../../../core/resource-path.ts";
import { toEventMessage, toRuntimeMetric } from "../event-messages.ts";
import { agreeToSenderSettleMode, peerAttachOf } from "../rhea/attach-fields.ts";
import { closeReceiver } from "../rhea/close-receiver.ts";
import { LinkCredit } from "../rhea/link-credit.ts";
import { sendMessage } from "../rhea/send-message.ts";
import { toManagementReply } from "./event-management.ts";
import type { GuardedLink, NodeContext } from "./node-context.ts";
import type { Replies } from "./replies.ts";
import { answerRequests } from "./request-node.ts";

const SELECTOR_FILTER = "apache.org:selector-filter:string";
const EPOCH = "com.microsoft:epoch";
const RUNTIME_METRIC = "com.microsoft:enable-receiver-runtime-metric";

/** `{event hub}/ConsumerGroups/{group}/Partitions/{n}` (rules event-position, event-epoch). */
export function openPartitionNode(
  sender: Sender,
  partition: EventPartition,
  context: NodeContext,
): GuardedLink {
  const { claims, clock, deviceToCloud, sendBuffer, toEventHubError } = context;
  const check = (): void => claims.authorize("ServiceConnect", partition.segments);
  check();
  agreeToSenderSettleMode(sender);
  const epoch = readEpoch(sender);
  const isMetricWanted = wantsRuntimeMetric(sender);
  const metric = (): Partial<AmqpMessage> => {
    if (!isMetricWanted) return {};
    const properties = deviceToCloud.propertiesOf(partition.partitionId);
    return { delivery_annotations: toRuntimeMetric(properties, clock.nowMs()) };
  };
  const end = (): void => {
    subscription.close();
    credit.end();
  };
  const close: GuardedLink["close"] = (error) => {
    end();
    sender.close(error);
  };
  const subscription = deviceToCloud.subscribe(
    { partition, position: readPosition(sender), ...(epoch !== undefined && { epoch }) },
    {
      hasCredit: () => sender.is_open() && credit.isLeft,
      deliver: (event) =>
        credit.use(sendMessage(sender, { ...toEventMessage(event), ...metric() })),
      onReplaced: (error) => close(toEventHubError(error)),
    },
  );
  const credit = new LinkCredit(sender, sendBuffer, () => subscription.wake());
  return { check, close, end };
}

/** `$management`: properties of the event hub and its partitions (rule event-management). */
export function openManagementNode(
  receiver: Receiver,
  replies: Replies,
  context: NodeContext,
): GuardedLink {
  const check = requireManagement(context);
  answerRequests(receiver, replies, context, (request) =>
    toManagementReply(request, context.deviceToCloud),
  );
  return { check, close: (error) => closeReceiver(receiver, error), end: () => {} };
}

export function openManagementReplies(
  sender: Sender,
  replies: Replies,
  context: NodeContext,
): GuardedLink {
  const check = requireManagement(context);
  return { check, ...replies.open(sender) };
}

/** @throws HubError IotHubUnauthorized, as does the check it returns. */
function requireManagement({ claims }: NodeContext): () => void {
  const check = (): void => claims.authorize("ServiceConnect", [EVENT_HUB_NAME, "$management"]);
  check();
  return check;
}

function readPosition(sender: Sender): EventPosition {
  const filter: unknown = (sender.source as { filter?: Record<string, unknown> }).filter?.[
    SELECTOR_FILTER
  ];
  if (filter === undefined || filter === null) return { type: "start" };
  return parseEventPosition(String(filter));
}

function readEpoch(sender: Sender): number | undefined {
  const epoch = peerAttachOf(sender).properties?.[EPOCH];
  if (epoch === undefined || epoch === null) return undefined;
  const number = Number(epoch);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new HubError("ArgumentInvalid", "The epoch of a receiver is a whole number from 0.");
}

/** Requested by a capability, which SDKs list among others. */
function wantsRuntimeMetric(sender: Sender): boolean {
  const { desired_capabilities } = peerAttachOf(sender);
  return [desired_capabilities].flat().includes(RUNTIME_METRIC);
}
