/** HTTPS requests on one keep-alive connection. */

import { Agent, request } from "node:https";
import { ownerToken } from "./tokens.mjs";

/** `call` rejects without a response: the request may or may not have been processed. */
export function createHttpsClient(address) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: address.ca });
  const token = ownerToken(address);
  const call = (method, path, { headers = {}, json } = {}) =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: "127.0.0.1",
          servername: "localhost",
          port: address.port,
          agent,
          method,
          path: `${path}?api-version=2021-04-12`,
          headers: { authorization: token, ...headers },
        },
        (incoming) => {
          const chunks = [];
          incoming.on("data", (chunk) => chunks.push(chunk));
          incoming.on("error", reject);
          incoming.on("end", () =>
            resolve({
              status: incoming.statusCode,
              headers: incoming.headers,
              body: Buffer.concat(chunks),
            }),
          );
          incoming.on("aborted", () => reject(new Error("aborted")));
        },
      );
      outgoing.on("error", reject);
      outgoing.end(json === undefined ? undefined : JSON.stringify(json));
    });
  return { call, close: () => agent.destroy() };
}
