/** Where the content of what the page lists is found, without keeping it a second time. */

export interface MessagePlace {
  /** Of its arrival in the ring; absent for a message from before, which may still be in its queue. */
  readonly number?: number;
  readonly sequenceNumber: number;
  /** When it was enqueued, or later. */
  readonly timeMs: number;
  readonly deviceId: string;
}

export function formatMessageKey({ number = 0, ...place }: MessagePlace): string {
  return `${number}.${place.sequenceNumber}.${place.timeMs}.${place.deviceId}`;
}

export function parseMessageKey(key: string): MessagePlace | undefined {
  const match = /^(\d{1,15})\.(\d{1,15})\.(\d{1,15})\.(.+)$/.exec(key);
  if (match === null) return undefined;
  const [, number, sequenceNumber, timeMs, deviceId = ""] = match;
  return {
    ...(Number(number) > 0 && { number: Number(number) }),
    sequenceNumber: Number(sequenceNumber),
    timeMs: Number(timeMs),
    deviceId,
  };
}

/** An event's key is its number in the ring. */
export function parseEventKey(key: string): number | undefined {
  return /^\d{1,15}$/.test(key) ? Number(key) : undefined;
}
