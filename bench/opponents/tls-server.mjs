/**
 * A TLS server that reads what it gets and does nothing; prints its port once it is ready.
 *
 * node tls-server.mjs <certificate> <key>
 */

import { readFileSync } from "node:fs";
import { createServer } from "node:tls";

const [cert, key] = process.argv.slice(2).map((path) => readFileSync(path));
const server = createServer({ cert, key }, (socket) => {
  socket.on("data", () => {});
  socket.on("error", () => {});
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
