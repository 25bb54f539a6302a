/** Each port serves every protocol, detected by the client's first bytes. */

import { constants } from "node:crypto";
import type { Server as HttpServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import tls, { type Server, type TLSSocket } from "node:tls";
import type { CertificateWithKey } from "./certificates.ts";
import { connectionBeneath, explainFailure, type HandshakeLog } from "./handshakes.ts";
import { describeConnection, type IncomingConnection } from "./incoming-connection.ts";
import { codeOf, listenOn } from "./listen.ts";
import type { OpenConnections } from "./open-connections.ts";
import { PortUnavailable } from "./port-unavailable.ts";

interface ProtocolListenerOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly ports: readonly number[];
  readonly onTaken: "fail" | "skip";
  readonly certificate: CertificateWithKey;
  serveMqtt(stream: Duplex, from: IncomingConnection): void;
  serveAmqp(stream: Duplex, from: IncomingConnection): void;
  readonly http: HttpServer;
  readonly handshakes: HandshakeLog;
  readonly openConnections: OpenConnections;
}

export interface ProtocolListener {
  /** In the requested order. */
  readonly ports: readonly number[];
  /** Resolves once nothing is open. */
  close(): Promise<void>;
}

/** For WebSocket and REST; the second is used where binding the first needs privileges. */
const HTTPS_PORT = 443;
export const UNPRIVILEGED_HTTPS_PORT = 8443;

const FIRST_BYTE_TIMEOUT_MS = 30_000;

/** MQTT's CONNECT packet begins with this byte. */
const MQTT_CONNECT = 0x10;

/**
 * All ports or none.
 * @throws PortUnavailable for a port that is in use (unless it may be skipped) or not permitted.
 */
export async function openProtocolListener(
  options: ProtocolListenerOptions,
): Promise<ProtocolListener> {
  const handshakes = new Map<Socket, string>();
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
    const sockets = [...options.openConnections.sockets, ...handshakes.keys()];
    // Connections that the hub itself closes are not client failures.
    handshakes.clear();
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
  };
  try {
    for (const port of options.ports) {
      const server = createServer(options, handshakes);
      if (await listen(server, port, options)) servers.push(server);
    }
    if (servers.length === 0) {
      const server = createServer(options, handshakes);
      await listen(server, 0, options);
      servers.push(server);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { ports: servers.map((server) => (server.address() as AddressInfo).port), close };
}

function createServer(options: ProtocolListenerOptions, handshakes: Map<Socket, string>): Server {
  const { certificate, privateKey } = options.certificate;
  const server = tls.createServer({
    cert: certificate,
    key: privateKey,
    minVersion: "TLSv1.2",
    // Client certificates are checked later; most clients use tokens. Authorities given here would
    // be listed to clients, some of which then withhold other certificates (rule x509-request).
    requestCert: true,
    rejectUnauthorized: false,
    ca: [],
    // A resumed session has the client's certificate without its intermediates.
    secureOptions: constants.SSL_OP_NO_TICKET,
    noDelay: true,
  });
  // One listener for all sockets: each closure would stay as long as its connection.
  function forgetHandshake(this: Socket): void {
    setImmediate(() => handshakes.delete(this));
  }
  function forgetConnection(this: TLSSocket): void {
    options.openConnections.delete(this);
  }
  server.on("connection", (socket: Socket) => {
    // The address is no longer available once the connection is closed.
    handshakes.set(socket, socket.remoteAddress ?? "an unknown address");
    socket.on("close", forgetHandshake);
  });
  server.on("secureConnection", (socket) => {
    const raw = connectionBeneath(socket);
    raw?.off("close", forgetHandshake);
    if (raw !== undefined) handshakes.delete(raw);
    options.openConnections.add(socket);
    socket.on("close", forgetConnection);
    // The protocol handlers also see errors; this listener prevents an unhandled one.
    socket.on("error", ignore);
    route(socket, options);
  });
  server.on("tlsClientError", (error, socket) => {
    const raw = connectionBeneath(socket);
    const address = raw && handshakes.get(raw);
    const failure = raw && explainFailure(error, raw);
    if (address !== undefined && failure !== undefined) options.handshakes.add(address, failure);
    // Node does not close a connection whose handshake timed out.
    socket.destroy();
  });
  return server;
}

function ignore(): void {}

/** @returns Whether it listens now. */
async function listen(
  server: Server,
  port: number,
  options: ProtocolListenerOptions,
): Promise<boolean> {
  try {
    await listenOn(server, port, options.host);
    return true;
  } catch (error) {
    const code = error instanceof PortUnavailable ? codeOf(error.cause) : undefined;
    // A single port was requested explicitly, so it is not replaced.
    if (code === "EACCES" && port === HTTPS_PORT && options.ports.length > 1) {
      return listen(server, UNPRIVILEGED_HTTPS_PORT, options);
    }
    if (code === "EADDRINUSE" && options.onTaken === "skip") return false;
    throw error;
  }
}

function route(socket: TLSSocket, options: ProtocolListenerOptions): void {
  socket.setTimeout(FIRST_BYTE_TIMEOUT_MS, () => socket.destroy());
  socket.once("readable", () => {
    const first: Buffer | null = socket.read();
    if (first === null) return;
    socket.setTimeout(0);
    socket.removeAllListeners("timeout");
    socket.unshift(first);
    serve(first, socket, options);
  });
}

function serve(first: Buffer, socket: TLSSocket, options: ProtocolListenerOptions): void {
  const { openConnections } = options;
  if (first[0] === MQTT_CONNECT) {
    openConnections.use(socket, "mqtt");
    options.serveMqtt(socket, describeConnection(socket));
  } else if (isPrefixOf("AMQP", first)) {
    openConnections.use(socket, "amqp");
    options.serveAmqp(socket, describeConnection(socket));
  } else {
    openConnections.use(socket, "https");
    options.http.emit("connection", socket);
  }
}

/** Also true for a first chunk shorter than the word. */
function isPrefixOf(word: string, bytes: Buffer): boolean {
  return word.startsWith(bytes.subarray(0, word.length).toString("latin1"));
}
