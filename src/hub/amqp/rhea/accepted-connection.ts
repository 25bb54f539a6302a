/** A connection that rhea accepts instead of making it, and what arrives on it; rhea's types leave it out. */

import type { Duplex } from "node:stream";
import type { Connection, link as Link } from "rhea";

/** As rhea's own listener does. */
export function acceptOn(connection: Connection, stream: Duplex): void {
  (connection as Connection & { accept(socket: Duplex): void }).accept(stream);
}

/** The name by which the peer has called the hub in its OPEN. */
export function remoteHostName(connection: Connection): string {
  type Opened = { readonly remote: { readonly open?: { readonly hostname?: string } } };
  return (connection as unknown as Opened).remote.open?.hostname ?? "";
}

/** Size of the frame that is arriving; rhea would gather one of any size. */
export function incomingFrameSize(connection: Connection): number {
  return (connection as Connection & { readonly frame_size?: number }).frame_size ?? 0;
}

/** True when a message that is still arriving has more bytes than this. */
export function hasUnfinishedMessage(connection: Connection, bytes: number): boolean {
  type Arriving = { readonly _incomplete?: { readonly frames: readonly Buffer[] } };
  let isFound = false;
  connection.each_receiver((link: Link) => {
    const { frames = [] } = (link as unknown as Arriving)._incomplete ?? {};
    isFound ||= frames.reduce((sum, { length }) => sum + length, 0) > bytes;
  });
  return isFound;
}

/** rhea stops its timers when the stream ends, but not when it is destroyed. */
export function stopHeartbeats(connection: Connection): void {
  (connection as Connection & { eof(): void }).eof();
}
