import { ConnectionStringError, type DeviceConnectionString } from "../core/connection-string.ts";
import { parseResource } from "../core/resource-path.ts";
import { parseSasToken, type SasToken } from "../core/sas-token.ts";
import { Secret } from "../core/secret.ts";

const FORM = "SharedAccessSignature sr=<hub>%2Fdevices%2F<device>&sig=<signature>&se=<expiry>";

/** @throws ConnectionStringError for text that is not a device token, and for an expired token. */
export function parseDeviceSasToken(text: string, nowMs: number): DeviceConnectionString {
  const token = parseToken(text);
  const { segments } = parseResource(token.rawResource);
  const [collection, deviceId] = segments;
  if (collection !== "devices" || deviceId === undefined) {
    throw new ConnectionStringError(
      "this SAS token is not for a device",
      `A device token looks like ${FORM}. Create one: c2d-hub sas-token -d <device>.`,
    );
  }
  if (token.expirySeconds * 1000 <= nowMs) {
    throw new ConnectionStringError(
      `the SAS token expired at ${new Date(token.expirySeconds * 1000).toISOString()}`,
      "Create a new one: c2d-hub sas-token -d <device>.",
    );
  }
  return {
    type: "device",
    hostName: hostOf(token.rawResource),
    deviceId,
    credential: { type: "sasToken", sharedAccessSignature: new Secret(text.trim()) },
  };
}

/** Including the port, which `parseResource` drops. */
function hostOf(rawResource: string): string {
  return decodeURIComponent(rawResource).split("/")[0] ?? "";
}

function parseToken(text: string): SasToken {
  try {
    return parseSasToken(text.trim());
  } catch {
    throw new ConnectionStringError("not a SAS token", `It looks like ${FORM}.`);
  }
}
