import type { Duplex } from "node:stream";
import type { Connection, link as Link } from "rhea";
import { CONNECTION, RECEIVER } from "./rhea-internals.ts";

export function acceptOn(connection: Connection, stream: Duplex): void {
  CONNECTION.of(connection).accept(stream);
}

/** From the peer's OPEN; empty if absent. */
export function remoteHostName(connection: Connection): string {
  return CONNECTION.of(connection).remote.open?.hostname ?? "";
}

/** Size of the frame being received, in bytes; rhea would buffer any size. */
export function incomingFrameSize(connection: Connection): number {
  return CONNECTION.of(connection).frame_size ?? 0;
}

export function hasUnfinishedMessage(connection: Connection, bytes: number): boolean {
  let isFound = false;
  connection.each_receiver((link: Link) => {
    const { _incomplete } = RECEIVER.of(link);
    isFound ||= _incomplete !== undefined && sizeOf(_incomplete) > bytes;
  });
  return isFound;
}

/** Many small parts take more memory than their content. */
const MIN_PART_BYTES = 64;

/** What is counted is not looked at again: a message of many small parts would block the hub. */
const counted = new WeakMap<object, { parts: number; bytes: number }>();

function sizeOf(message: { readonly frames: readonly (Buffer | undefined)[] }): number {
  const { frames } = message;
  const sum = counted.get(message) ?? { parts: 0, bytes: 0 };
  counted.set(message, sum);
  for (; sum.parts < frames.length; sum.parts++) {
    sum.bytes += Math.max(frames[sum.parts]?.length ?? 0, MIN_PART_BYTES);
  }
  return sum.bytes;
}

/** rhea stops its timers when the stream ends, but not when it is destroyed. */
export function stopHeartbeats(connection: Connection): void {
  CONNECTION.of(connection).eof();
}
