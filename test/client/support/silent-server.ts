/** A server that accepts connections and never sends anything. */

import net, { type AddressInfo, type Socket } from "node:net";
import tls from "node:tls";
import { createDeferred } from "../../../src/async/deferred.ts";
import { selfSigned } from "./self-signed.ts";

export interface SilentServer {
  readonly hostName: string;
  /** Resolves once a client has sent something. */
  reached(): Promise<void>;
  /** Resolves once every client has disconnected. */
  abandoned(): Promise<void>;
  stop(): Promise<void>;
}

/** @param layer `tls` completes the handshake first, `tcp` does not. */
export async function startSilentServer(layer: "tls" | "tcp"): Promise<SilentServer> {
  const sockets = new Set<Socket>();
  const hasData = createDeferred<void>();
  const take = (socket: Socket): void => {
    socket.on("error", () => {}).on("data", () => hasData.resolve());
  };
  const server =
    layer === "tcp" ? net.createServer(take) : tls.createServer(await selfSigned(), take);
  server.on("tlsClientError", () => {});
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    hostName: `localhost:${(server.address() as AddressInfo).port}`,
    reached: () => hasData.promise,
    async abandoned() {
      for (const socket of sockets) {
        if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
      }
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
