import rhea, { type AmqpError } from "rhea";
import type { EventRedirect } from "../../../core/resource-path.ts";
import type { NodeContext } from "./node-context.ts";

/** Thrown instead of a refusal: the link is closed with a redirect. */
export class Redirection extends Error {
  readonly answer: AmqpError;

  constructor(answer: AmqpError) {
    super("The link is redirected.");
    this.answer = answer;
  }
}

/** @throws Redirection, if allowed to read; HubError IotHubUnauthorized (rule event-redirect). */
export function redirect(
  { path, segments }: EventRedirect,
  { claims, hubAddress }: NodeContext,
): never {
  claims.authorize("ServiceConnect", segments);
  const { hostName, port } = hubAddress();
  throw new Redirection({
    condition: "amqp:link:redirect",
    description: "Read the events of this hub from its Event Hubs-compatible endpoint.",
    info: {
      hostname: hostName,
      "network-host": hostName,
      port: rhea.types.wrap_uint(port),
      address: `amqps://${inUrl(hostName)}:${port}/${path}`,
    },
  } as AmqpError);
}

/** An IPv6 address needs brackets before a port. */
function inUrl(hostName: string): string {
  return hostName.includes(":") ? `[${hostName}]` : hostName;
}
