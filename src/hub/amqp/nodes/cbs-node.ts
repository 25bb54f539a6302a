/** `$cbs`: tokens arrive on one link, replies are sent on another. */

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

export function openCbsReplies(sender: Sender, replies: Replies): GuardedLink {
  return { check: () => {}, ...replies.open(sender) };
}
