/** Hints for a principal, which signs in without a key. */

import type { ServiceSignIn } from "../connection/service-sign-in.ts";
import { ClientError } from "../errors/client-error.ts";
import { ROLE_HINT } from "../sdk/entra/entra-login.ts";

/** A refusal of credentials with the hint for this kind of sign-in. */
export function withRoleHint(
  refusal: ClientError | undefined,
  { type }: Pick<ServiceSignIn, "type"> | { readonly type: "eventHub" },
): ClientError | undefined {
  if (type !== "entra" || refusal?.name !== "IotHubUnauthorized") return refusal;
  return new ClientError(refusal.name, refusal.message, { cause: refusal.cause, hint: ROLE_HINT });
}
