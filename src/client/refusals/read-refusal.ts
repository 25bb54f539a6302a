import { ClientError, type ClientErrorName } from "../errors/client-error.ts";
import type { EventSignIn } from "../sdk/event-hubs/event-hubs-client.ts";
import { toHubRefusal } from "./hub-refusal.ts";
import { withRoleHint } from "./role-hint.ts";

/** The SDK replaces the condition with a name of its own. */
const CONDITIONS: Readonly<Record<string, string>> = {
  ArgumentError: "com.microsoft:argument-error",
  ArgumentOutOfRangeError: "com.microsoft:argument-out-of-range",
  InternalServerError: "amqp:internal-error",
  InvalidOperationError: "amqp:not-allowed",
  MessagingEntityDisabledError: "amqp:not-found",
  MessagingEntityNotFoundError: "amqp:not-found",
  QuotaExceededError: "amqp:resource-limit-exceeded",
  ReceiverDisconnectedError: "amqp:link:stolen",
  ServiceCommunicationError: "amqp:not-found",
  ServerBusyError: "com.microsoft:device-container-throttled",
  ServiceUnavailableError: "com.microsoft:timeout",
  UnauthorizedError: "amqp:unauthorized-access",
};

/** The same conditions mean something else to a sender. */
const MEANINGS: Partial<Readonly<Record<ClientErrorName, ClientErrorName>>> = {
  DeviceNotFound: "MessagingEntityNotFound",
  DeviceMaximumQueueDepthExceeded: "IotHubQuotaExceeded",
};

const HINTS: Partial<Readonly<Record<ClientErrorName, string>>> = {
  IotHubQuotaExceeded:
    "A consumer group allows at most five readers per partition: use another --consumer-group.",
  IotHubUnauthorized:
    "Check the policy, key and EntityPath in the connection string (reading events needs ServiceConnect), and this machine's clock.",
  LinkCreationConflict:
    "Another reader has exclusive access to the partition: use another --consumer-group.",
  MessagingEntityNotFound:
    "Check --consumer-group, and EntityPath in the connection string: both must exist on the hub (az iot hub consumer-group list; for a local hub, c2d-hub start --consumer-group <name>).",
  Throttling: "Try again later: the hub is throttling reads.",
};

export function toReadRefusal(error: unknown, signIn: EventSignIn): ClientError | undefined {
  const refusal = toHubRefusal(withCondition(error));
  if (refusal === undefined) return undefined;
  const name = MEANINGS[refusal.name] ?? refusal.name;
  const options = { cause: error, hint: HINTS[name] ?? refusal.hint };
  return withRoleHint(new ClientError(name, refusal.message, options), signIn);
}

function withCondition(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  const condition = CONDITIONS[String(error.code)];
  if (condition === undefined) return error;
  return { condition, description: error.message, info: "info" in error ? error.info : undefined };
}
