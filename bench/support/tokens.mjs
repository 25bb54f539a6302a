import { formatSasToken } from "../../dist/core/sas-token.js";

const LIFETIME_SECONDS = 24 * 3600;

export function ownerToken({ key }) {
  return formatSasToken({ resource: "localhost", key, expirySeconds: expiry(), policyName: OWNER });
}

export const OWNER = "iothubowner";

function expiry() {
  return Math.floor(Date.now() / 1000) + LIFETIME_SECONDS;
}
