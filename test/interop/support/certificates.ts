/** Certificates of devices, and of an authority that is not the hub's. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { callRest } from "../../contract/rest.ts";
import {
  createAuthority,
  type KeyedCertificate,
  selfSigned,
  thumbprintOf,
} from "../../support/device-certificate.ts";
import { type InteropHub, ownerToken } from "./interop-hub.ts";

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Creates a device that signs in with a certificate. */
export async function createX509Device(
  interop: InteropHub,
  deviceId: string,
): Promise<CertificateFiles> {
  const certificate = await selfSigned(deviceId);
  const primaryThumbprint = thumbprintOf(certificate, "sha256");
  const authentication = { type: "selfSigned", x509Thumbprint: { primaryThumbprint } };
  const { status, body } = await callRest(interop.endpoint, {
    method: "PUT",
    path: `/devices/${deviceId}`,
    token: ownerToken(interop),
    json: { deviceId, authentication },
  });
  if (status !== 200) throw new Error(`${status} ${body}`);
  return writeFiles(interop.directory, certificate);
}

/** The CA file of an authority unrelated to the hub. */
export async function writeOtherAuthority({ directory }: InteropHub): Promise<string> {
  const path = join(directory, "other-ca.pem");
  writeFileSync(path, (await createAuthority()).cert);
  return path;
}

function writeFiles(directory: string, { cert, key }: KeyedCertificate): CertificateFiles {
  const certFile = join(directory, "device-cert.pem");
  const keyFile = join(directory, "device-key.pem");
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key, { mode: 0o600 });
  return { certFile, keyFile };
}
