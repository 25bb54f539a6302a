import { formatDuration } from "../../../async/format-duration.ts";
import { DeadlinePassedError, within } from "../../../async/within.ts";
import { type EntraLogin, IOT_HUB_SCOPE } from "../../connection/service-sign-in.ts";
import { formatProxy } from "../../endpoint.ts";
import { ClientError } from "../../errors/client-error.ts";
import { entraAuthority, findProxyFault } from "./authority.ts";
import { EntraProcessCredential } from "./entra-credential.ts";

const NO_TOKEN_HINT =
  "Sign in with az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET. AZURE_TOKEN_CREDENTIALS selects one credential of the chain; --verbose shows the error of each.";

export const ROLE_HINT =
  'The principal needs the role "IoT Hub Data Contributor" on this hub (az role assignment create); a local hub accepts keys only.';

export function createEntraLogin(hostName: string): EntraLogin {
  return { type: "entra", hostName, credential: new EntraProcessCredential() };
}

/**
 * Fetches a token, which the credential caches: a chain of credentials may be slow to fail, and the
 * SDKs' own request has no time limit.
 *
 * @param bound Ends the wait early, for reasons of the caller.
 * @throws ClientError CredentialUnavailable when no credential of the chain returns a token;
 * PackageMissing; ConnectTimeout; ConfigurationError, ProxyRefused and others for its proxy.
 */
export async function requireEntraToken(
  login: EntraLogin,
  timeoutMs: number,
  bound: (search: Promise<void>) => Promise<unknown>,
  scope = IOT_HUB_SCOPE,
): Promise<void> {
  const search = new AbortController();
  try {
    await within(timeoutMs, bound(findToken(login, search.signal, scope)));
  } catch (cause) {
    throw cause instanceof DeadlinePassedError ? noTokenInTime(timeoutMs, cause) : cause;
  } finally {
    search.abort();
  }
}

async function findToken(
  { credential }: EntraLogin,
  signal: AbortSignal,
  scope: string,
): Promise<void> {
  let cause: unknown;
  try {
    if (await credential.getToken(scope, { abortSignal: signal })) return;
  } catch (error) {
    if (error instanceof ClientError) throw error;
    cause = error;
  }
  const fault = await findProxyFault();
  if (fault) throw fault;
  throw new ClientError("CredentialUnavailable", "Microsoft Entra ID returned no token.", {
    cause,
    hint: NO_TOKEN_HINT,
  });
}

function noTokenInTime(timeoutMs: number, cause: unknown): ClientError {
  const { proxy } = entraAuthority();
  const via = proxy ? ` through ${formatProxy(proxy)}` : "";
  return new ClientError(
    "ConnectTimeout",
    `Microsoft Entra ID returned no token${via} within ${formatDuration(timeoutMs)}.`,
    { cause, hint: "Check the network and az account show, or increase --connect-timeout." },
  );
}
