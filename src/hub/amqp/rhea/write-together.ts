/** rhea writes each frame by itself. Those that it creates in one go become one TLS record here. */

import type { Duplex } from "node:stream";
import type { Connection } from "rhea";
import { CONNECTION } from "./rhea-internals.ts";

export function writeTogether(connection: Connection, stream: Duplex): void {
  const inside = CONNECTION.of(connection);
  const { _process } = inside;
  inside._process = () => {
    stream.cork();
    try {
      _process.call(inside);
    } finally {
      stream.uncork();
    }
  };
}
