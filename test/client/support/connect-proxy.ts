/** An HTTP proxy that leads to one port of this machine, whichever host it is asked for. */

import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import net, { type AddressInfo, type Socket } from "node:net";
import { onTestFinished, vi } from "vitest";

export interface ConnectProxy {
  readonly port: number;
  /** `hub.example:443`, in order. */
  readonly targets: readonly string[];
  /** Values of Proxy-Authorization, in order. */
  readonly authorizations: readonly (string | undefined)[];
  /** Resolves once the client of each connection has gone. */
  abandoned(): Promise<void>;
}

/** Status of the response, none at all, one that is not HTTP, or 200 and nothing behind it. */
export type ProxyAnswer = number | "silence" | "noise" | "hangUp" | "void";

export async function startConnectProxy(
  targetPort: number,
  answer: ProxyAnswer | ((request: IncomingMessage) => ProxyAnswer) = 200,
  certificate?: { readonly cert: string; readonly key: string },
): Promise<ConnectProxy> {
  const targets: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const server = certificate ? https.createServer(certificate) : http.createServer();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  });
  server.on("connect", (request: IncomingMessage, socket: Socket) => {
    targets.push(request.url ?? "");
    authorizations.push(request.headers["proxy-authorization"]);
    const given = typeof answer === "function" ? answer(request) : answer;
    // HTTP servers leave a socket half open.
    if (given === "silence") socket.resume().on("end", () => socket.end());
    else if (given === "hangUp") socket.destroy();
    else if (given === "noise") socket.end("SSH-2.0-OpenSSH_9.2\r\n\r\n");
    else if (given === "void") {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.resume().on("end", () => socket.end());
    } else if (given === 200) join(socket, targetPort);
    else socket.end(`HTTP/1.1 ${given} No\r\n\r\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    port: (server.address() as AddressInfo).port,
    targets,
    authorizations,
    async abandoned() {
      await vi.waitUntil(() => sockets.size === 0, { timeout: 60_000 });
    },
  };
}

/** A proxy that lets nobody in without these, as in `Basic …`. */
export function wants(user: string, password: string): (request: IncomingMessage) => ProxyAnswer {
  const wanted = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  return ({ headers }) => (headers["proxy-authorization"] === wanted ? 200 : 407);
}

/** For this test only. */
export function setEnvironment(variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
}

function join(client: Socket, port: number): void {
  const target = net.connect({ port, host: "127.0.0.1" }, () => {
    client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    target.pipe(client).pipe(target);
  });
  target.on("error", () => client.destroy()).on("close", () => client.destroy());
  client.on("close", () => target.destroy());
}
