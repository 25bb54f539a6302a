/** MQTT and AMQP through WebSocket, for networks that let only HTTPS pass. */

import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { createWebSocketStream, WebSocketServer } from "ws";
import { describeConnection, type IncomingConnection } from "./incoming-connection.ts";

export interface WebSocketServices {
  serveMqtt(stream: Duplex, from: IncomingConnection): void;
  serveAmqp(stream: Duplex, from: IncomingConnection): void;
}

/**
 * Of IoT Hub, and of its Event Hubs-compatible endpoint. The Node SDKs write a port into the path, so
 * only its end counts (rule web-socket).
 */
const PATH_END = /(\$|%24)(iothub|servicebus)\/websocket$/i;

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
      const from = describeConnection(request.socket);
      if (webSocket.protocol === "mqtt") services.serveMqtt(stream, from);
      else services.serveAmqp(stream, from);
    });
  });
}

function isWebSocketPath(url: string): boolean {
  return PATH_END.test(url.replace(/\?.*$/, ""));
}

function offersKnownProtocol({ headers }: IncomingMessage): boolean {
  const offered = (headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  return SUBPROTOCOLS.some((known) => offered.includes(known));
}
