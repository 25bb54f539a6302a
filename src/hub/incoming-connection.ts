/** What a connection has told of itself before its first byte. */

import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { ClientCertificate } from "../core/access.ts";

export interface IncomingConnection {
  /** The port it came in by. */
  readonly port?: number;
  readonly certificate?: ClientCertificate;
}

export function describeConnection(socket: Socket): IncomingConnection {
  const certificate = readClientCertificate(socket);
  return {
    ...(socket.localPort !== undefined && { port: socket.localPort }),
    ...(certificate && { certificate }),
  };
}

/** The TLS handshake has proved that the client holds its key. */
export function readClientCertificate(socket: Socket): ClientCertificate | undefined {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) return undefined;
  return {
    sha1: withoutColons(certificate.fingerprint),
    sha256: withoutColons(certificate.fingerprint256),
    commonName: /^CN=(.*)$/m.exec(certificate.subject ?? "")?.[1] ?? "",
    isOfRegisteredAuthority: (socket as TLSSocket).authorized,
  };
}

function withoutColons(fingerprint: string): string {
  return fingerprint.replaceAll(":", "");
}
