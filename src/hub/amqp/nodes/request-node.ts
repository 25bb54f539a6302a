import type { Message as AmqpMessage, EventContext, Receiver } from "rhea";
import type { NodeContext } from "./node-context.ts";
import type { Replies } from "./replies.ts";

/** Unanswered requests: the sender gets credit again as it receives replies. */
const REQUEST_CREDIT = 100;

export function answerRequests(
  receiver: Receiver,
  replies: Replies,
  { settler }: Pick<NodeContext, "settler">,
  answer: (request: AmqpMessage) => AmqpMessage,
): void {
  receiver.add_credit(REQUEST_CREDIT);
  receiver.on("message", (request: EventContext) => {
    const { message, delivery } = request;
    if (message === undefined || delivery === undefined) return;
    const reply = answer(message);
    settler.settle(delivery, { type: "accepted" });
    // uamqp requires that its request is accepted before the reply arrives, hence two ticks.
    setImmediate(() =>
      setImmediate(() => replies.add(request, reply, () => receiver.add_credit(1))),
    );
  });
}
