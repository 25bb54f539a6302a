import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What clients need to know of a running hub. */
export function readAddress(directory) {
  const { ports, connectionString, eventHubConnectionString } = JSON.parse(
    readFileSync(join(directory, "hub.json"), "utf8"),
  );
  const ca = readFileSync(join(directory, "ca.pem"), "utf8");
  const key = /SharedAccessKey=([^;]+)/.exec(connectionString)[1];
  return { port: ports[0], ca, key, connectionString, eventHubConnectionString };
}
