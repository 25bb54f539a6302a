/** A service's AMQP connection, signed in by SASL PLAIN. */

import rhea from "rhea";
import { OWNER, ownerToken } from "./tokens.mjs";

/** Links open at once; `ended` resolves when either side has closed the connection. */
export function connectService(address) {
  const connection = rhea.create_container().connect({
    host: "localhost",
    port: address.port,
    transport: "tls",
    servername: "localhost",
    ca: address.ca,
    reconnect: false,
    tcp_no_delay: true,
    username: `${OWNER}@sas.root.localhost`,
    password: ownerToken(address),
  });
  const ended = new Promise((resolve) => connection.once("disconnected", resolve));
  for (const event of ["connection_error", "connection_close", "error"]) connection.on(event, noop);
  for (const event of ["sender_error", "receiver_error", "session_error"]) {
    connection.on(event, noop);
  }
  return { connection, ended, close: () => connection.close() };
}

function noop() {}
