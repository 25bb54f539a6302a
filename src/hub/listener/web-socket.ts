/** For networks that allow only HTTPS. */

import { type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { createWebSocketStream, WebSocketServer } from "ws";
import type { HubEventStream } from "../model/events.ts";
import { describeConnection, type IncomingConnection } from "./incoming-connection.ts";
import type { OpenConnections } from "./open-connections.ts";

interface WebSocketServices {
  readonly events: HubEventStream;
  readonly openConnections: OpenConnections;
  serveMqtt(stream: Duplex, from: IncomingConnection): void;
  serveAmqp(stream: Duplex, from: IncomingConnection): void;
}

/** Only its end: the Node SDKs put a port into it, and uamqp adds a slash (rule web-socket). */
const PATH_END = /(\$|%24)(iothub|servicebus)\/websocket\/?$/i;

const SUBPROTOCOLS = ["mqtt", "AMQPWSB10"] as const;

/** Packets and frames are smaller, and may be split. */
const MAX_MESSAGE_BYTES = 2 * 1024 * 1024;

/** Characters of a request that a refusal quotes. */
const MAX_QUOTED = 200;

interface Refusal {
  readonly status: 400 | 404;
  readonly name: "ArgumentInvalid" | "NotFound";
  readonly reason: string;
}

export function acceptWebSockets(server: Server, services: WebSocketServices): void {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols: (offered) => [...offered].find(isKnown) ?? false,
  });
  const refuse = (socket: Duplex, { status, name, reason }: Refusal): void => {
    services.events.emit({ type: "connectionRefused", protocol: "https", name, reason });
    socket.end(formatRefusal(status, reason));
  };
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = findRefusal(request);
    if (refusal !== undefined) {
      refuse(socket, refusal);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const stream = createWebSocketStream(webSocket);
      stream.on("error", () => stream.destroy());
      const from = describeConnection(request.socket);
      const isMqtt = webSocket.protocol.toLowerCase() === "mqtt";
      services.openConnections.use(request.socket, isMqtt ? "mqtt" : "amqp");
      if (isMqtt) services.serveMqtt(stream, from);
      else services.serveAmqp(stream, from);
    });
  });
  sockets.on("wsClientError", ({ message: reason }: Error, socket: Duplex) =>
    refuse(socket, { status: 400, name: "ArgumentInvalid", reason }),
  );
}

function findRefusal({ url = "", headers }: IncomingMessage): Refusal | undefined {
  const path = url.replace(/\?.*$/, "");
  if (!PATH_END.test(path)) {
    const reason = `There is no WebSocket at the path '${path.slice(0, MAX_QUOTED)}'; use /$iothub/websocket.`;
    return { status: 404, name: "NotFound", reason };
  }
  const offered = headers["sec-websocket-protocol"] ?? "";
  if (offered.split(",").some((name) => isKnown(name.trim()))) return undefined;
  const reason = `The WebSocket subprotocol '${offered.slice(0, MAX_QUOTED)}' is not supported; use ${SUBPROTOCOLS.join(" or ")}.`;
  return { status: 400, name: "ArgumentInvalid", reason };
}

/** Case-insensitive: the C SDK offers `MQTT`. */
function isKnown(subprotocol: string): boolean {
  return SUBPROTOCOLS.some((known) => known.toLowerCase() === subprotocol.toLowerCase());
}

function formatRefusal(status: Refusal["status"], reason: string): string {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(reason)}`,
    "Sec-WebSocket-Version: 13",
  ];
  return `${head.join("\r\n")}\r\n\r\n${reason}`;
}
