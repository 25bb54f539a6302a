/** `$cbs`: tokens come in on one link, replies go out on another. */

import type { Receiver, Sender } from "rhea";
import { parsePutToken, toCbsReply } from "./cbs.ts";
import type { GuardedLink, NodeContext } from "./node-context.ts";
import type { Replies } from "./replies.ts";
import { answerRequests } from "./request-node.ts";

export function openCbsNode(receiver: Receiver, replies: Replies, context: NodeContext): void {
  answerRequests(receiver, replies, context, (request) => {
    try {
      const { audience, token } = parsePutToken(request);
      context.claims.add(audience, token);
      return toCbsReply(request);
    } catch (error) {
      context.reportRefused(error);
      return toCbsReply(request, error);
    }
  });
}

/** The other link of `$cbs`, which carries the answers. It rests on no proof. */
export function openCbsReplies(sender: Sender, replies: Replies): GuardedLink {
  return { check: () => {}, ...replies.open(sender) };
}
