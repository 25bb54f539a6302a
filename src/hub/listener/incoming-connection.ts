import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { ClientCertificate } from "../../core/access.ts";

export interface IncomingConnection {
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

/** The TLS handshake has proved that the client has its private key. */
export function readClientCertificate(socket: Socket): ClientCertificate | undefined {
  if (!known.has(socket)) known.set(socket, read(socket));
  return known.get(socket);
}

/** Node returns the issuers only the first time. */
const known = new WeakMap<Socket, ClientCertificate | undefined>();

function read(socket: Socket): ClientCertificate | undefined {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) return undefined;
  return {
    sha1: withoutColons(certificate.fingerprint),
    sha256: withoutColons(certificate.fingerprint256),
    commonName: commonNameOf(certificate),
    chain: chainOf(certificate).map(({ raw }) => raw),
  };
}

/** All certificates that the client sent: Node's `issuerCertificate` is the one sent after it. */
function chainOf(certificate: X509Certificate | undefined): X509Certificate[] {
  return certificate ? [certificate, ...chainOf(certificate.issuerCertificate)] : [];
}

/** From the older form: in `subject`, Node escapes special characters. */
function commonNameOf(certificate: X509Certificate): string {
  const { CN = "" } = certificate.toLegacyObject().subject;
  const [first = ""] = [CN].flat();
  return first;
}

function withoutColons(fingerprint: string): string {
  return fingerprint.replaceAll(":", "");
}
