/**
 * Prints how long a TLS server takes to listen, in milliseconds.
 *
 * node start-tls-server.mjs <certificate> <key>
 */

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:tls";

const [cert, key] = process.argv.slice(2).map((path) => readFileSync(path));
const startMs = performance.now();
const server = createServer({ cert, key }).listen(0, "127.0.0.1");
await once(server, "listening");
console.log(performance.now() - startMs);
server.close();
