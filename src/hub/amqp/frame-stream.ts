import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import rhea, { type Connection, type ConnectionOptions, type EventContext } from "rhea";
import {
  acceptOn,
  hasUnfinishedMessage,
  incomingFrameSize,
  stopHeartbeats,
} from "./rhea/accepted-connection.ts";
import { allowSameNamedLinks } from "./rhea/allow-same-named-links.ts";
import { findDeliveriesById } from "./rhea/delivery-ids.ts";
import { limitItems } from "./rhea/limit-items.ts";
import { INCOMING_WINDOW, limitHandles, OPEN_FIELDS } from "./rhea/opening.ts";
import { SendBuffer } from "./rhea/send-buffer.ts";
import { writeTrailingNulls } from "./rhea/trailing-nulls.ts";
import { writeTogether } from "./rhea/write-together.ts";
import { offerSaslMechanisms, type PlainSignIn } from "./sasl.ts";

/** Both ways, as Azure announces it. The core's limits are lower, one for each kind of message. */
const MAX_MESSAGE_SIZE = 1_048_576;

/** Partly received: rhea would buffer any size. A smaller excess gets a proper error. */
const MAX_UNFINISHED_BYTES = 4 * MAX_MESSAGE_SIZE;

limitItems();

export class FrameStream {
  readonly connection: Connection;
  readonly sendBuffer: SendBuffer;
  readonly #stream: Duplex;

  constructor(stream: Duplex, signIn: PlainSignIn) {
    this.#stream = stream;
    this.sendBuffer = new SendBuffer(stream);
    this.connection = createConnection(signIn);
  }

  /** `onEnd` is called at least once: the peer has closed the connection or broken the protocol. */
  start(onEnd: () => void): void {
    const { connection, sendBuffer } = this;
    connection.on("session_open", ({ session }: EventContext) => {
      if (session === undefined) return;
      limitHandles(session);
      allowSameNamedLinks(session);
      findDeliveriesById(session);
    });
    connection.on("disconnected", onEnd);
    // An error of a peer ends only its own connection.
    for (const event of ["error", "connection_error", "session_error", "protocol_error"]) {
      connection.on(event, () => this.#stream.destroy());
    }
    for (const event of ["sender_error", "receiver_error"]) connection.on(event, () => {});
    this.#stream.on("close", onEnd);
    acceptOn(connection, this.#stream);
    writeTrailingNulls(connection);
    writeTogether(connection, this.#stream, sendBuffer);
    this.#stream.on("data", () => {
      const isFrameTooLarge = incomingFrameSize(connection) > OPEN_FIELDS.max_frame_size;
      if (isFrameTooLarge || hasUnfinishedMessage(connection, MAX_UNFINISHED_BYTES)) onEnd();
      else sendBuffer.checkSoon();
    });
  }

  end(): void {
    stopHeartbeats(this.connection);
    this.#stream.destroy();
  }
}

function createConnection(signIn: PlainSignIn): Connection {
  const container = rhea.create_container({
    id: `DeviceGateway_${randomUUID().replaceAll("-", "")}`,
  });
  offerSaslMechanisms(container, signIn);
  const options = {
    ...OPEN_FIELDS,
    session_buffer_size: { incoming: INCOMING_WINDOW },
    receiver_options: { autoaccept: false, credit_window: 0, max_message_size: MAX_MESSAGE_SIZE },
    sender_options: { treat_modified_as_released: false, max_message_size: MAX_MESSAGE_SIZE },
  };
  // rhea's types require a port to connect to, although this connection is accepted.
  return container.create_connection(options as unknown as ConnectionOptions);
}
