/** At start: later, a missing member would only end a connection, or disable a limit. */

import { Duplex } from "node:stream";
import rhea, { type Connection, type Receiver, type Sender } from "rhea";
import { acceptOn } from "./accepted-connection.ts";
import {
  ACCEPTED_CONNECTION,
  ATTACHED_LINK,
  CODEC,
  DATA_BODY,
  DELIVERY,
  LINK,
  READER,
  READER_CLASS,
  READING_CONNECTION,
  READING_RECEIVER,
  SESSION,
} from "./rhea-internals.ts";

/** A peer that attaches a link in each direction and sends part of a message and of a frame. */
const PEER = Buffer.from(
  [
    "414d515000010000", // protocol header
    "0000001102000000005310c00401a10161", // open
    "0000001402000000005311c00704404352645264", // begin
    "0000001302000000005312c00603a101614342", // attach, to send
    "0000001402000000005312c00703a10162520141", // attach, to receive
    "0000001702000000005314c009064343a0016143424178", // transfer, with more to come
    "00000100", // the size of a frame
  ].join(""),
  "hex",
);

/** @throws IncompatiblePackage */
export function checkRhea(): void {
  const { Reader } = CODEC.of(rhea).types;
  READER_CLASS.of(Reader);
  READER.of(new Reader(Buffer.alloc(0)));
  DATA_BODY.of(rhea.message.data_section(Buffer.alloc(0)));
  const links: { receiver?: Receiver; sender?: Sender } = {};
  const connection = acceptPeer(links);
  ACCEPTED_CONNECTION.of(connection);
  READING_CONNECTION.of(connection);
  for (const link of [links.receiver, links.sender]) {
    LINK.of(link);
    ATTACHED_LINK.of(link);
  }
  SESSION.of(links.sender?.session);
  READING_RECEIVER.of(links.receiver);
  DELIVERY.of(links.sender?.send(Buffer.alloc(1), undefined, 0));
}

/** Without socket or timer, so it needs no cleanup. */
function acceptPeer(links: { receiver?: Receiver; sender?: Sender }): Connection {
  const connection = rhea.create_container().create_connection({
    port: 0,
    receiver_options: { autoaccept: false, credit_window: 0 },
  });
  for (const event of ["error", "protocol_error", "disconnected"]) connection.on(event, () => {});
  connection.on("receiver_open", ({ receiver }) => Object.assign(links, { receiver }));
  connection.on("sender_open", ({ sender }) => Object.assign(links, { sender }));
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  acceptOn(connection, stream);
  stream.emit("data", PEER);
  return connection;
}
