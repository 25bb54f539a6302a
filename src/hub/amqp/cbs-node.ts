/** `$cbs`: tokens come in on one link, replies go out on another. */

import type { EventContext, Receiver } from "rhea";
import { parsePutToken, toCbsReply } from "./cbs.ts";
import type { NodeContext } from "./node-context.ts";
import type { Replies } from "./replies.ts";

/** Requests that may wait for their answers: their sender gets more credit as it takes answers. */
const REQUEST_CREDIT = 100;

export function openCbsNode(
  receiver: Receiver,
  replies: Replies,
  { claims, settler, tellRefused }: NodeContext,
): void {
  receiver.add_credit(REQUEST_CREDIT);
  receiver.on("message", (request: EventContext) => {
    const { message, delivery } = request;
    if (message === undefined || delivery === undefined) return;
    let refusal: unknown;
    try {
      const { audience, token } = parsePutToken(message);
      claims.add(audience, token);
    } catch (error) {
      refusal = error;
      tellRefused(error);
    }
    settler.settle(delivery, { type: "accepted" });
    const answer = (): void => {
      replies.add(request, toCbsReply(message, refusal), () => receiver.add_credit(1));
    };
    // uamqp must see its request accepted before the reply arrives: two ticks later is after that.
    setImmediate(() => setImmediate(answer));
  });
}
