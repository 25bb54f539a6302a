/**
 * rhea writes each frame by itself. Here, messages that it sends in one go become one TLS record.
 * Other frames stay apart: some clients fail on an ATTACH and its DETACH in one piece.
 */

import type { Duplex } from "node:stream";
import type { Connection } from "rhea";
import { CONNECTION } from "./rhea-internals.ts";
import type { SendBuffer } from "./send-buffer.ts";

export function writeTogether(
  connection: Connection,
  stream: Duplex,
  sendBuffer: SendBuffer,
): void {
  const inside = CONNECTION.of(connection);
  const { _process } = inside;
  inside._process = () => {
    if (sendBuffer.isEmpty) return _process.call(inside);
    stream.cork();
    try {
      _process.call(inside);
    } finally {
      stream.uncork();
    }
  };
}
