/** A connection that a peer has made, which rhea's types know only from the other side. */

import type { Duplex } from "node:stream";
import type { Connection, link as Link } from "rhea";
import { CONNECTION, RECEIVER } from "./rhea-internals.ts";

/** Serves the peer on this stream, as rhea's own listener does. */
export function acceptOn(connection: Connection, stream: Duplex): void {
  CONNECTION.of(connection).accept(stream);
}

/** What the peer's OPEN calls the hub; empty when it says nothing of it. */
export function remoteHostName(connection: Connection): string {
  return CONNECTION.of(connection).remote.open?.hostname ?? "";
}

/** Size of the frame that is arriving, in bytes; rhea would gather one of any size. */
export function incomingFrameSize(connection: Connection): number {
  return CONNECTION.of(connection).frame_size ?? 0;
}

/** True when a message that is still arriving is larger than that. */
export function hasUnfinishedMessage(connection: Connection, bytes: number): boolean {
  let isFound = false;
  connection.each_receiver((link: Link) => {
    const { frames = [] } = RECEIVER.of(link)._incomplete ?? {};
    isFound ||= frames.reduce((sum, { length }) => sum + length, 0) > bytes;
  });
  return isFound;
}

/** rhea stops its timers when the stream ends, but not when it is destroyed. */
export function stopHeartbeats(connection: Connection): void {
  CONNECTION.of(connection).eof();
}
