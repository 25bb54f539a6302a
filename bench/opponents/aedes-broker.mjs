/**
 * An MQTT broker in Node; prints its port once it is ready.
 *
 * node aedes-broker.mjs <directory of node_modules> <certificate> <key>
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:tls";
import { pathToFileURL } from "node:url";

const [directory, cert, key] = process.argv.slice(2);
const entry = createRequire(`${directory}/`).resolve("aedes");
const { Aedes } = await import(pathToFileURL(entry).href);
const broker = await Aedes.createBroker();
const options = { cert: readFileSync(cert), key: readFileSync(key) };
const server = createServer(options, broker.handle);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
