/** Nodes that answer each message with another: `$cbs`, `$management`, twins. */

import type { Message as AmqpMessage, EventContext, Receiver } from "rhea";
import type { NodeContext } from "./node-context.ts";
import type { Replies } from "./replies.ts";

/** Requests that may wait for their answers: their sender gets more credit as it takes answers. */
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
    // uamqp must see its request accepted before the reply arrives: two ticks later is after that.
    setImmediate(() =>
      setImmediate(() => replies.add(request, reply, () => receiver.add_credit(1))),
    );
  });
}
