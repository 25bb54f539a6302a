import type { EventContext, Receiver, Sender } from "rhea";
import { toCloudToDevice, toFeedbackMessage } from "../c2d-messages.ts";
import { closeReceiver } from "../rhea/close-receiver.ts";
import { ReceiverCredit } from "../rhea/receiver-credit.ts";
import type { GuardedLink, NodeContext } from "./node-context.ts";
import { OutgoingLink } from "./outgoing-link.ts";

/** `/messages/devicebound`: each message is settled once it is durable, or refused. */
export function openDeviceboundNode(receiver: Receiver, context: NodeContext): GuardedLink {
  const check = (): void => context.claims.authorize("ServiceConnect", ["messages", "devicebound"]);
  check();
  const credit = new ReceiverCredit(receiver);
  receiver.on("message", (event: EventContext) => void onMessage(credit, event, context));
  return { check, close: (error) => closeReceiver(receiver, error), end: () => {} };
}

async function onMessage(
  credit: ReceiverCredit,
  { message, delivery }: EventContext,
  { cloudToDevice, settler, toError }: NodeContext,
): Promise<void> {
  if (message === undefined || delivery === undefined) return;
  try {
    const parsed = toCloudToDevice(message);
    await cloudToDevice.send(parsed.deviceId, parsed.message);
    settler.settle(delivery, { type: "accepted" });
  } catch (error) {
    settler.settle(delivery, { type: "rejected", error: toError(error) });
  }
  credit.renew();
}

/** `/messages/serviceBound/feedback`: batches go to any receiver with credit. */
export function openFeedbackNode(sender: Sender, context: NodeContext): GuardedLink {
  const { claims, feedback, hubName, toError } = context;
  const check = (): void => {
    claims.authorize("ServiceConnect", ["messages", "serviceBound", "feedback"]);
  };
  check();
  const link = new OutgoingLink(sender, context, {
    onCredit: () => subscription.wake(),
    settle: (lockToken, settlement) => subscription.settle(lockToken, settlement),
    onClose: () => subscription.close(),
    toError,
  });
  const subscription = feedback.subscribe({
    hasCredit: () => link.hasCredit(),
    deliver: ({ records, enqueuedTimeMs, lockToken }) =>
      link.send(toFeedbackMessage(records, { enqueuedTimeMs, hubName }), lockToken),
    onLockEnded: (lockToken) => link.endLock(lockToken),
  });
  return { check, close: (error) => link.close(error), end: () => link.end() };
}

/** `/messages/serviceBound/filenotifications`: always empty (rule file-notifications). */
export function openSilentNode(sender: Sender, { claims }: NodeContext): GuardedLink {
  const check = (): void => {
    claims.authorize("ServiceConnect", ["messages", "serviceBound", "filenotifications"]);
  };
  check();
  return { check, close: (error) => sender.close(error), end: () => {} };
}
