/** Runs a home hub with the options given as JSON; prints one line once it is ready. */

import { startHomeHub } from "../../dist/hub/home-hub.js";

const hub = await startHomeHub(JSON.parse(process.argv[2]));
process.stdout.write(`${JSON.stringify({ type: "hub", ports: hub.ports })}\n`);
process.once("SIGTERM", () => void hub.stop());
await hub.stopped;
