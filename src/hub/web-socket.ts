/** MQTT and AMQP through WebSocket, for networks that let only HTTPS pass. */

import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { createWebSocketStream, WebSocketServer } from "ws";

export interface WebSocketServices {
  serveMqtt(stream: Duplex): void;
  /** `port` is the one it came in by. */
  serveAmqp(stream: Duplex, port?: number): void;
}

/** The Node SDKs write a port into the path, so only its end counts (rule web-socket). */
const PATH_END = "$iothub/websocket";

const SUBPROTOCOLS = ["mqtt", "AMQPWSB10"] as const;

/** Largest WebSocket message, in bytes: packets and frames are smaller, and may be split anyway. */
const MAX_MESSAGE_BYTES = 2 * 1024 * 1024;

/** Serves WebSocket upgrades of this server. */
export function acceptWebSockets(server: Server, services: WebSocketServices): void {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols: (offered) => SUBPROTOCOLS.find((known) => offered.has(known)) ?? false,
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!isWebSocketPath(request.url ?? "") || !offersKnownProtocol(request)) {
      socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const stream = createWebSocketStream(webSocket);
      stream.on("error", () => stream.destroy());
      if (webSocket.protocol === "mqtt") services.serveMqtt(stream);
      else services.serveAmqp(stream, request.socket.localPort);
    });
  });
}

function isWebSocketPath(url: string): boolean {
  const path = url.replace(/\?.*$/, "");
  return (
    path.toLowerCase().endsWith(PATH_END) || path.toLowerCase().endsWith("%24iothub/websocket")
  );
}

function offersKnownProtocol({ headers }: IncomingMessage): boolean {
  const offered = (headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  return SUBPROTOCOLS.some((known) => offered.includes(known));
}
