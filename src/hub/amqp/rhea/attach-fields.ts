/** What the peer's attach of a link says, and what the hub's will say. */

import type { link as Link, Receiver, Sender } from "rhea";
import { ATTACHED_LINK, type Attach, LINK } from "./rhea-internals.ts";

/** The sender settles what it sends as it sends it. */
const SETTLED = 1;

export function peerAttachOf(link: Link): Attach {
  return ATTACHED_LINK.of(link).remote.attach;
}

/**
 * Gives the peer the properties back that it has attached the link with, as Azure does (rule
 * amqp-fields): some clients merge them into their own, and fail when there are none.
 */
export function returnProperties(link: Link): void {
  const { properties } = peerAttachOf(link);
  if (properties != null) ownAttachOf(link).properties = properties;
}

/** Says how large a message the link takes, in bytes. */
export function limitMessages(receiver: Receiver, bytes: number): void {
  ownAttachOf(receiver).max_message_size = bytes;
}

/**
 * The peer settles as it has asked to: first, or second, after the hub. C# holds itself to what the
 * hub's attach says, and would settle a message before anybody has looked at it.
 */
export function agreeToReceiverSettleMode(sender: Sender): void {
  const { rcv_settle_mode } = peerAttachOf(sender);
  if (rcv_settle_mode != null) ownAttachOf(sender).rcv_settle_mode = rcv_settle_mode;
}

/** Where the peer wants to settle nothing, messages leave settled. */
export function agreeToSenderSettleMode(sender: Sender): void {
  if (peerAttachOf(sender).snd_settle_mode === SETTLED) {
    ownAttachOf(sender).snd_settle_mode = SETTLED;
  }
}

function ownAttachOf(link: Link) {
  return LINK.of(link).local.attach;
}
