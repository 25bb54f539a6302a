import { HUB_ERROR_NAMES, HUB_ERRORS, type HubErrorName } from "../../core/hub-error.ts";
import { ClientError } from "../errors/client-error.ts";

const CONDITIONS: Readonly<Record<string, HubErrorName>> = {
  "amqp:not-found": "DeviceNotFound",
  "amqp:resource-limit-exceeded": "DeviceMaximumQueueDepthExceeded",
  "amqp:link:message-size-exceeded": "MessageTooLarge",
  "amqp:unauthorized-access": "IotHubUnauthorized",
  "amqp:not-allowed": "ArgumentInvalid",
  "amqp:decode-error": "ArgumentInvalid",
  "amqp:invalid-field": "ArgumentInvalid",
  "amqp:internal-error": "ServerError",
  "amqp:not-implemented": "ServerError",
  "amqp:link:stolen": "LinkCreationConflict",
  "amqp:link:detach-forced": "ServiceUnavailable",
  "com.microsoft:argument-error": "ArgumentInvalid",
  "com.microsoft:argument-out-of-range": "ArgumentInvalid",
  "com.microsoft:device-already-exists": "DeviceAlreadyExists",
  "com.microsoft:device-container-throttled": "Throttling",
  "com.microsoft:iot-hub-suspended": "ServiceUnavailable",
  "com.microsoft:iot-hub-not-found-error": "ServiceUnavailable",
  "com.microsoft:message-lock-lost": "DeviceMessageLockLost",
  "com.microsoft:precondition-failed": "PreconditionFailed",
  "com.microsoft:quota-exceeded": "IotHubQuotaExceeded",
  "com.microsoft:timeout": "ServiceUnavailable",
};

/** Errors that the SDK creates when the hub answers without a condition, by class name. */
const SDK_ERRORS: Readonly<Record<string, HubErrorName>> = {
  UnauthorizedError: "IotHubUnauthorized",
  MessageTooLargeError: "MessageTooLarge",
};

/** Error numbers that are not in the catalogue. */
const CLOSEST_NAMES: Readonly<Record<number, HubErrorName>> = {
  401002: "IotHubUnauthorized",
  403005: "IotHubQuotaExceeded",
  403009: "ArgumentInvalid",
  403012: "DeviceNotFound",
  400006: "ArgumentInvalid",
};

const HINTS: Partial<Readonly<Record<HubErrorName, string>>> = {
  DeviceNotFound: "Check the device id (ids are case-sensitive), and that the device is enabled.",
  DeviceMaximumQueueDepthExceeded:
    "Let the device receive its messages (c2d-device listen), or purge them (c2d-hub purge).",
  IotHubQuotaExceeded: "The hub's quota is exhausted; a daily quota is reset at 00:00 UTC.",
  IotHubUnauthorized:
    "Check the policy and key in the connection string (sending and feedback need ServiceConnect), and this machine's clock.",
  MessageTooLarge: "A cloud-to-device message can have up to 64 KB, including properties.",
  Throttling: "Send more slowly (--interval).",
};

interface Answer {
  readonly condition?: string;
  readonly description?: string;
  readonly info?: Readonly<Record<string, unknown>>;
}

export function toHubRefusal(error: unknown): ClientError | undefined {
  const answer = answerOf(error);
  const name = answer ? nameOf(answer) : sdkErrorName(error);
  if (name === undefined) return undefined;
  const message = refusalText(textOf(answer) ?? messageOf(error) ?? name);
  return new ClientError(name, message, { cause: error, hint: HINTS[name] });
}

/** @param words The hub's own. Those that are about the hub need no introduction. */
export function refusalText(words: string): string {
  return /^(The|This) hub\b/.test(words) ? words : `The hub refused: ${words}`;
}

/** The SDK wraps rhea's error in `amqpError`. */
function answerOf(error: unknown): Answer | undefined {
  for (const candidate of layers(error)) {
    if ("condition" in candidate && typeof candidate.condition === "string") {
      return candidate as Answer;
    }
  }
  return undefined;
}

function sdkErrorName(error: unknown): HubErrorName | undefined {
  for (const layer of layers(error)) {
    const name = SDK_ERRORS[layer.constructor.name];
    if (name !== undefined) return name;
  }
  return undefined;
}

function layers(error: unknown): object[] {
  if (!isObject(error)) return [];
  return "amqpError" in error && isObject(error.amqpError) ? [error, error.amqpError] : [error];
}

/** The number comes first: one condition covers full queue, quota and token limits. */
function nameOf(answer: Answer): HubErrorName | undefined {
  const number = numberOf(answer);
  const byNumber = number === undefined ? undefined : nameOfNumber(number);
  if (byNumber !== undefined) return byNumber;
  const byCondition = CONDITIONS[answer.condition ?? ""] ?? "ServerError";
  const isOtherLimit = number !== undefined && byCondition === "DeviceMaximumQueueDepthExceeded";
  return isOtherLimit ? "IotHubQuotaExceeded" : byCondition;
}

export function nameOfNumber(number: number): HubErrorName | undefined {
  return (
    HUB_ERROR_NAMES.find((name) => HUB_ERRORS[name].number === number) ?? CLOSEST_NAMES[number]
  );
}

function numberOf({ description, info }: Answer): number | undefined {
  const code = parseDescription(description)?.errorCode ?? info?.["com.microsoft:error-code"];
  const digits = code === undefined ? /\b[45]\d{5}\b/.exec(description ?? "")?.[0] : String(code);
  return digits !== undefined && /^\d{6}$/.test(digits) ? Number(digits) : undefined;
}

function textOf(answer: Answer | undefined): string | undefined {
  const message = parseDescription(answer?.description)?.message;
  return (typeof message === "string" && message) || answer?.description || undefined;
}

/** Azure describes an error in JSON, other hubs in plain text. */
function parseDescription(text = ""): { errorCode?: unknown; message?: unknown } | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function messageOf(error: unknown): string | undefined {
  const texts = layers(error).map((layer) => ("message" in layer ? layer.message : undefined));
  return texts.reverse().find((text): text is string => typeof text === "string" && text !== "");
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
