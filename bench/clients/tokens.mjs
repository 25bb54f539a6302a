import { createHmac } from "node:crypto";

const LIFETIME_SECONDS = 24 * 3600;

export const OWNER = "iothubowner";

/** A shared access signature of the hub's owner. */
export function ownerToken({ key }) {
  const expirySeconds = Math.floor(Date.now() / 1000) + LIFETIME_SECONDS;
  const signature = createHmac("sha256", Buffer.from(key, "base64"))
    .update(`localhost\n${expirySeconds}`)
    .digest("base64");
  const fields = `sr=localhost&sig=${encodeURIComponent(signature)}&se=${expirySeconds}`;
  return `SharedAccessSignature ${fields}&skn=${OWNER}`;
}
