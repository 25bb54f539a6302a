/** Prints how long the library's hub takes to start, in milliseconds, once it is loaded. */

import { startLocalHub } from "c2d-tools";

const startMs = performance.now();
const hub = await startLocalHub({ devices: ["device1"] });
console.log(performance.now() - startMs);
await hub.stop();
