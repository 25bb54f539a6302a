/** A scripted AMQP hub over TLS, for misbehaviour of hubs. */

import type { AddressInfo } from "node:net";
import tls from "node:tls";
import rhea, { type Connection, type EventContext, type Message, type Sender } from "rhea";
import { selfSigned } from "./self-signed.ts";

export interface AmqpScript {
  /** Answers a message to a device; default: accepts it. */
  onMessage?(context: EventContext): void;
  /** Called when the feedback link is attached. */
  onFeedbackLink?(sender: Sender): void;
  readonly refusesFeedback?: boolean;
  /** Refuses the link that a device sends events over. */
  readonly refusesEvents?: boolean;
  /** Status code for the first token, the second and so on; 0 never answers. Default 200. */
  readonly tokenStatus?: number | readonly number[];
  /** Closes the connection right after refusing a token. */
  readonly hangsUpOnRefusal?: boolean;
  /** Requests a client certificate, and accepts any. */
  readonly requestsCertificate?: boolean;
  /** Never answers anything. */
  readonly isSilent?: boolean;
}

export interface ScriptedAmqpHub {
  readonly hostName: string;
  readonly ca: string;
  readonly connections: readonly Connection[];
  readonly sockets: readonly tls.TLSSocket[];
  /** Addresses of the links that were attached, in order. */
  readonly attached: readonly string[];
  readonly messages: readonly Message[];
  stop(): Promise<void>;
}

export async function startScriptedAmqpHub(script: AmqpScript = {}): Promise<ScriptedAmqpHub> {
  const { cert, key } = await selfSigned();
  const connections: Connection[] = [];
  const sockets: tls.TLSSocket[] = [];
  const attached: string[] = [];
  const messages: Message[] = [];
  let tokens = 0;
  const server = tls.createServer({ cert, key, ...certificateWish(script) }, (socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    if (script.isSilent) socket.resume();
    else serve(socket);
  });
  server.on("tlsClientError", () => {});

  function serve(socket: tls.TLSSocket): void {
    const container = rhea.create_container();
    for (const ending of ["disconnected", "connection_error"]) container.on(ending, () => {});
    container.on("connection_open", ({ connection }: EventContext) => connections.push(connection));
    container.on("receiver_open", ({ receiver }: EventContext) => {
      if (!receiver) return;
      const { address } = receiver.target;
      attached.push(address);
      if (address.endsWith("/messages/events") && script.refusesEvents) {
        receiver.close({ condition: "amqp:unauthorized-access", description: "no" });
      } else {
        receiver.set_target(receiver.target);
      }
    });
    container.on("sender_open", ({ sender }: EventContext) => {
      if (!sender) return;
      const { address } = sender.source;
      attached.push(address);
      if (address !== "$cbs" && script.refusesFeedback) {
        sender.close({ condition: "amqp:unauthorized-access", description: "no" });
        return;
      }
      sender.set_source(sender.source);
      if (address !== "$cbs") script.onFeedbackLink?.(sender);
    });
    container.on("message", (context: EventContext) => {
      if (context.receiver?.target.address === "$cbs") return answerToken(context);
      if (context.message) messages.push(context.message);
      if (script.onMessage) script.onMessage(context);
      else context.delivery?.accept();
    });
    const connection = container.create_connection({
      receiver_options: { autoaccept: false },
      reconnect: false,
    } as never);
    connection.accept(socket as never);
  }

  function answerToken({ connection, delivery, message }: EventContext): void {
    delivery?.accept();
    const { tokenStatus = 200 } = script;
    const status = typeof tokenStatus === "number" ? tokenStatus : (tokenStatus[tokens++] ?? 200);
    if (status === 0) return;
    const sender = connection.find_sender((link: Sender) => link.source.address === "$cbs");
    sender?.send({
      correlation_id: message?.message_id as string,
      application_properties: {
        "status-code": rhea.types.wrap_int(status),
        "status-description": "as the script says",
      },
      body: null,
    } as Message);
    if (status !== 200 && script.hangsUpOnRefusal) setImmediate(() => sockets.at(-1)?.end());
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    hostName: `localhost:${(server.address() as AddressInfo).port}`,
    ca: cert,
    connections,
    sockets,
    attached,
    messages,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function certificateWish({ requestsCertificate = false }: AmqpScript): tls.TlsOptions {
  return { requestCert: requestsCertificate, rejectUnauthorized: false };
}
