/** `$cbs`: tokens come in on one link, replies go out on another. */

import type { EventContext, Receiver, Sender } from "rhea";
import { findReplyLink, parsePutToken, toCbsReply } from "./cbs.ts";
import type { NodeContext } from "./node-context.ts";

/** Requests that may wait for their answers: their sender gets more credit as it takes answers. */
const REQUEST_CREDIT = 100;

/** `replyLinks` are the `$cbs` links of the connection that its peer receives on. */
export function openCbsNode(
  receiver: Receiver,
  replyLinks: readonly Sender[],
  { claims, settler, tellRefused }: NodeContext,
): void {
  receiver.add_credit(REQUEST_CREDIT);
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
    const reply = (): void => {
      const link = findReplyLink(event, replyLinks);
      if (link?.is_open()) link.send(toCbsReply(message, refusal)).update(true);
      receiver.add_credit(1);
    };
    // uamqp must see its request accepted before the reply arrives: two ticks later is after that.
    setImmediate(() => setImmediate(() => whenSendable(event, replyLinks, reply)));
  });
}

/** An answer waits for the credit of the link it takes; without a link there is nobody to wait for. */
function whenSendable(event: EventContext, replyLinks: readonly Sender[], reply: () => void): void {
  const link = findReplyLink(event, replyLinks);
  if (link === undefined || link.sendable()) reply();
  else link.once("sendable", () => whenSendable(event, replyLinks, reply));
}
