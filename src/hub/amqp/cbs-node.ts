/** `$cbs`: tokens come in on one link, replies go out on another. */

import type { EventContext, Receiver, Sender } from "rhea";
import { findReplyLink, parsePutToken, toCbsReply } from "./cbs.ts";
import { type NodeContext, SEND_CREDIT } from "./node-context.ts";

/** `replyLinks` are the `$cbs` links of the connection that its peer receives on. */
export function openCbsNode(
  receiver: Receiver,
  replyLinks: readonly Sender[],
  { claims, settler, tellRefused }: NodeContext,
): void {
  receiver.add_credit(SEND_CREDIT);
  receiver.on("message", (event: EventContext) => {
    const { message, delivery } = event;
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
    receiver.add_credit(1);
    const reply = (): void => {
      findReplyLink(event, replyLinks)?.send(toCbsReply(message, refusal));
    };
    // uamqp must see its request accepted before the reply arrives: two ticks later is after that.
    setImmediate(() => setImmediate(reply));
  });
}
