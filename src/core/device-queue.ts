import { HubError } from "./hub-error.ts";
import type { CloudToDeviceSettings } from "./limits.ts";
import { type Message, validateCloudToDeviceMessage } from "./message.ts";
import { advance, enqueue, type MessageQueue, type Step } from "./message-queue.ts";

/**
 * One past its expiry is accepted and expires at once, so that its sender gets the feedback (rule
 * c2d-expiry-past). Without an expiry it gets the default TTL (rule c2d-default-ttl). Messages in
 * flight count for the depth (rule c2d-depth).
 * @throws HubError MessageTooLarge, ArgumentInvalid, DeviceMaximumQueueDepthExceeded.
 */
export function enqueueMessage(
  queue: MessageQueue<Message>,
  message: Message,
  settings: CloudToDeviceSettings,
  nowMs: number,
): Step<Message> {
  validateCloudToDeviceMessage(message);
  const current = advance(queue, nowMs);
  if (isFull(current.queue, settings)) {
    throw new HubError(
      "DeviceMaximumQueueDepthExceeded",
      `The device queue is full: ${settings.queueDepth} messages are waiting.`,
    );
  }
  const expiryTimeMs = message.system.expiryTimeUtcMs ?? nowMs + settings.defaultTtlMs;
  const added = enqueue(current.queue, message, { nowMs, expiryTimeMs });
  const settled = advance(added.queue, nowMs);
  if (current.transitions.length === 0 && settled.transitions.length === 0) return added;
  return {
    queue: settled.queue,
    transitions: [...current.transitions, ...added.transitions, ...settled.transitions],
  };
}

/** A message more is refused. */
export function isFull(
  { size }: MessageQueue<Message>,
  { queueDepth }: Pick<CloudToDeviceSettings, "queueDepth">,
): boolean {
  return size >= queueDepth;
}
