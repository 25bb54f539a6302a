// Preloaded with --expose-gc into a server whose memory is measured: collects garbage when told to.
"use strict";
process.on("SIGUSR2", () => globalThis.gc());
