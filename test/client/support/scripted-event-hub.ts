/** A scripted IoT hub and event hub over TLS, for misbehaviour of hubs. */

import type { AddressInfo } from "node:net";
import tls from "node:tls";
import rhea, { type Connection, type EventContext, type Message, type Sender } from "rhea";
import { selfSigned } from "./self-signed.ts";

export interface EventHubScript {
  /** Default: one partition. */
  readonly partitionIds?: readonly string[];
  /** Called when a client attaches to a partition; the link is attached unless closed here. */
  onPartition?(sender: Sender): void;
  /** Answers the link that requests the redirect; default: `amqp:not-found`. */
  onRedirectLink?(sender: Sender): void;
  /** Never answers requests on `$management`. */
  readonly isSilent?: boolean;
}

export interface ScriptedEventHub {
  readonly port: number;
  readonly ca: string;
  readonly connections: readonly Connection[];
  /** Type and text of the received tokens. */
  readonly tokens: readonly { readonly type: string; readonly token: string }[];
  stop(): Promise<void>;
}

export async function startScriptedEventHub(
  script: EventHubScript = {},
): Promise<ScriptedEventHub> {
  const { cert, key } = await selfSigned();
  const connections: Connection[] = [];
  const tokens: { type: string; token: string }[] = [];
  const sockets = new Set<tls.TLSSocket>();

  function answer({ message, receiver, delivery, connection }: EventContext): void {
    delivery?.accept();
    const { address } = receiver?.target ?? {};
    const isToken = address === "$cbs";
    const { type, partition } = message?.application_properties ?? {};
    if (isToken) tokens.push({ type: String(type), token: String(message?.body) });
    else if (script.isSilent) return;
    const links: Sender[] = [];
    connection.each_link((link: unknown) => links.push(link as Sender));
    const reply = links.find((link) => link.is_sender() && link.source.address === address);
    reply?.send({
      correlation_id: message?.message_id,
      application_properties: {
        "status-code": rhea.types.wrap_int(200),
        "status-description": "OK",
      },
      body: isToken ? null : describe(partition),
    } as Message);
  }

  function describe(partition: unknown): object {
    const { partitionIds = ["0"] } = script;
    if (partition === undefined) {
      return {
        name: "events",
        partition_ids: rhea.types.wrap_array([...partitionIds], 0xa1, undefined as never),
      };
    }
    return { name: "events", partition, last_enqueued_sequence_number: rhea.types.wrap_long(-1) };
  }

  function onSender({ sender }: EventContext): void {
    const { address } = sender?.source ?? {};
    if (sender === undefined) return;
    if (address === "/messages/events/$management") {
      const { onRedirectLink = refuse } = script;
      onRedirectLink(sender);
      return;
    }
    sender.set_source(sender.source);
    sender.set_target(sender.target);
    if (address?.includes("/Partitions/")) script.onPartition?.(sender);
  }

  const server = tls.createServer({ cert, key }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    const container = rhea.create_container();
    container.sasl_server_mechanisms.enable_anonymous();
    for (const ending of ["disconnected", "connection_error"]) container.on(ending, () => {});
    container.on("connection_open", ({ connection }: EventContext) => connections.push(connection));
    container.on("receiver_open", ({ receiver }: EventContext) =>
      receiver?.set_target(receiver.target),
    );
    container.on("sender_open", onSender);
    container.on("message", answer);
    const options = { receiver_options: { autoaccept: false }, reconnect: false } as never;
    container.create_connection(options).accept(socket as never);
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    ca: cert,
    connections,
    tokens,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function refuse(sender: Sender): void {
  sender.close({ condition: "amqp:not-found", description: "no" });
}

/** The peer's remaining credit. */
export function creditOf(sender: Sender | undefined): number {
  return (sender as unknown as { readonly credit: number } | undefined)?.credit ?? 0;
}

/** An event as an event hub sends it. */
export function eventMessage(sequenceNumber: number): Message {
  return {
    message_annotations: {
      "x-opt-sequence-number": rhea.types.wrap_long(sequenceNumber),
      "x-opt-offset": String(sequenceNumber),
      "x-opt-enqueued-time": rhea.types.wrap_timestamp(Date.now()),
    },
    body: rhea.message.data_section(Buffer.from(String(sequenceNumber))),
  } as unknown as Message;
}
