/** The hint when the hub refuses a device, by kind of credential. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { selfSigned } from "../../support/device-certificate.ts";
import { startHubForTest } from "../../support/local-hub.ts";
import { connectListening } from "../support/listening-device.ts";

const X509 = "x509=true";
const FAR_AHEAD_SECONDS = 4_102_444_800;

/** Credentials that are not those of `device1`. */
const CREDENTIALS = [
  ["a key", () => "SharedAccessKey=c2VjcmV0", /SharedAccessKey in the connection string/],
  [
    "a certificate",
    () => X509,
    /^(?!.*SharedAccessKey).*certificate is registered.*thumbprint.*authority/,
  ],
  [
    "a SAS token",
    (host: string) =>
      `SharedAccessSignature=SharedAccessSignature sr=${encodeURIComponent(`${host}/devices/device1`)}&sig=c2ln&se=${FAR_AHEAD_SECONDS}`,
    /^(?!.*SharedAccessKey).*the SAS token is for this device/,
  ],
] as const;

describe.each(["mqtt", "amqp", "http"] as const)("over %s", (transport) => {
  test.each(CREDENTIALS)("%s", async (_name, credentialFor, hint) => {
    const hub = await startHubForTest({ devices: ["device1"] });
    const credential = credentialFor(hub.hostName);
    const target = {
      connectionString: `HostName=${hub.hostName};DeviceId=device1;${credential}`,
      ca: readFileSync(hub.caFile, "utf8"),
    };
    const certificate = await selfSigned("device1");
    const options = { transport, ...(credential === X509 && { certificate }) };
    await expect(connectListening(target, options)).rejects.toMatchObject({
      name: "IotHubUnauthorized",
      hint: expect.stringMatching(hint),
    });
  });
});
