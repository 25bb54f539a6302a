/** Signs in with Microsoft Entra ID, through the chain of credentials that Azure's tools share. */

import { type EntraLogin, IOT_HUB_SCOPE } from "../../connection/service-sign-in.ts";
import { ClientError } from "../../errors/client-error.ts";
import { EntraProcessCredential } from "./entra-credential.ts";

const NO_TOKEN_HINT =
  "Sign in with az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET. AZURE_TOKEN_CREDENTIALS picks one credential of the chain; --verbose tells what each of them said.";

/** What a hub that refuses the principal asks for. */
export const ROLE_HINT =
  'The principal needs the role "IoT Hub Data Contributor" on this hub (az role assignment create); a local hub takes keys only.';

/** With `DefaultAzureCredential`. */
export function createEntraLogin(hostName: string): EntraLogin {
  return { type: "entra", hostName, credential: new EntraProcessCredential() };
}

/**
 * Has the credential find a token, which it then keeps for the SDK to ask for again.
 *
 * @throws ClientError CredentialUnavailable when none of the chain gives one.
 */
export async function requireEntraToken(
  { credential }: EntraLogin,
  signal: AbortSignal,
  scope = IOT_HUB_SCOPE,
): Promise<void> {
  let cause: unknown;
  try {
    if (await credential.getToken(scope, { abortSignal: signal })) return;
  } catch (error) {
    cause = error;
  }
  throw new ClientError("CredentialUnavailable", "Microsoft Entra ID gave no token.", {
    cause,
    hint: NO_TOKEN_HINT,
  });
}

/** The chain of credentials may take its time to fail. */
export function noTokenInTime(timeoutMs: number, cause: unknown): ClientError {
  return new ClientError(
    "ConnectTimeout",
    `Microsoft Entra ID gave no token within ${timeoutMs} ms.`,
    { cause, hint: "Check the network and az account show, or raise --connect-timeout." },
  );
}
