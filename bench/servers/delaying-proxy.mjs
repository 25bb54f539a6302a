import { once } from "node:events";
import { connect, createServer } from "node:net";

/** A distant hub: passes on what it gets, in order, each byte after `delayMs`. */
export async function startDelayingProxy(targetPort, delayMs) {
  const server = createServer({ noDelay: true }, (client) => {
    const target = connect({ host: "127.0.0.1", port: targetPort, noDelay: true });
    passOn(client, target, delayMs);
    passOn(target, client, delayMs);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: server.address().port, close: () => server.close() };
}

/** Timers of the same duration expire in the order in which they were set. */
function passOn(from, to, delayMs) {
  from.on("data", (chunk) => setTimeout(() => to.write(chunk), delayMs));
  from.on("end", () => setTimeout(() => to.end(), delayMs));
  from.on("error", () => to.destroy());
}
