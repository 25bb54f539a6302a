import type { ServiceSignIn } from "../connection/service-sign-in.ts";
import { ClientError } from "../errors/client-error.ts";
import { ROLE_HINT } from "../sdk/entra/entra-login.ts";

export function withRoleHint(
  refusal: ClientError | undefined,
  { type }: Pick<ServiceSignIn, "type"> | { readonly type: "eventHub" },
): ClientError | undefined {
  if (type !== "entra" || refusal?.name !== "IotHubUnauthorized") return refusal;
  return new ClientError(refusal.name, refusal.message, { cause: refusal.cause, hint: ROLE_HINT });
}
