/** Fields of the peer's attach and of the hub's. */

import type { link as Link, Receiver, Sender } from "rhea";
import { ATTACHED_LINK, type Attach, LINK } from "./rhea-internals.ts";

/** The sender sends messages as settled. */
const SETTLED = 1;

export function peerAttachOf(link: Link): Attach {
  return ATTACHED_LINK.of(link).remote.attach;
}

/**
 * Returns the properties of the peer's attach to it, as Azure does (rule amqp-fields): some clients
 * merge them into their own, and fail if there are none.
 */
export function returnProperties(link: Link): void {
  const { properties } = peerAttachOf(link);
  if (properties != null) ownAttachOf(link).properties = properties;
}

/** Announces the largest message that the link accepts, in bytes. */
export function limitMessages(receiver: Receiver, bytes: number): void {
  ownAttachOf(receiver).max_message_size = bytes;
}

/**
 * Accepts the peer's receiver settle mode: first, or second (after the hub). C# follows the mode in
 * the hub's attach, and would otherwise settle messages before they are processed.
 */
export function agreeToReceiverSettleMode(sender: Sender): void {
  const { rcv_settle_mode } = peerAttachOf(sender);
  if (rcv_settle_mode != null) ownAttachOf(sender).rcv_settle_mode = rcv_settle_mode;
}

/** If the peer requests it, messages are sent as settled. */
export function agreeToSenderSettleMode(sender: Sender): void {
  if (peerAttachOf(sender).snd_settle_mode === SETTLED) {
    ownAttachOf(sender).snd_settle_mode = SETTLED;
  }
}

function ownAttachOf(link: Link) {
  return LINK.of(link).local.attach;
}
