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
    const { frames = [] } = RECEIVER.of(link)._incomplete ?? {};
    isFound ||= sizeOf(frames) > bytes;
  });
  return isFound;
}

/** Many small frames take more memory than their content, and each is looked at again. */
const MIN_FRAME_BYTES = 64;

function sizeOf(frames: readonly (Buffer | undefined)[]): number {
  return frames.reduce((sum, frame) => sum + Math.max(frame?.length ?? 0, MIN_FRAME_BYTES), 0);
}

/** rhea stops its timers when the stream ends, but not when it is destroyed. */
export function stopHeartbeats(connection: Connection): void {
  CONNECTION.of(connection).eof();
}
