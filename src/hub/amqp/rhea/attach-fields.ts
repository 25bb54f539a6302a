import type { link as Link, Receiver, Sender } from "rhea";
import { ATTACHED_LINK, type Attach, LINK } from "./rhea-internals.ts";

const SETTLED = 1;

export function peerAttachOf(link: Link): Attach {
  return ATTACHED_LINK.of(link).remote.attach;
}

/** Some clients merge them into their own, and fail if there are none (rule amqp-fields). */
export function returnProperties(link: Link): void {
  const { properties } = peerAttachOf(link);
  if (properties != null) ownAttachOf(link).properties = properties;
}

export function limitMessages(receiver: Receiver, bytes: number): void {
  ownAttachOf(receiver).max_message_size = bytes;
}

/** C# follows the hub's attach: it would otherwise settle messages before they are processed. */
export function agreeToReceiverSettleMode(sender: Sender): void {
  const { rcv_settle_mode } = peerAttachOf(sender);
  if (rcv_settle_mode != null) ownAttachOf(sender).rcv_settle_mode = rcv_settle_mode;
}

export function agreeToSenderSettleMode(sender: Sender): void {
  if (peerAttachOf(sender).snd_settle_mode === SETTLED) {
    ownAttachOf(sender).snd_settle_mode = SETTLED;
  }
}

function ownAttachOf(link: Link) {
  return LINK.of(link).local.attach;
}
