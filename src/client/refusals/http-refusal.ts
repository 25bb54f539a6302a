import type { DeviceCredential } from "../../core/connection-string.ts";
import { HUB_ERROR_NAMES, type HubErrorName, httpStatusOf } from "../../core/hub-error.ts";
import { ClientError } from "../errors/client-error.ts";
import type { HttpAnswer } from "../sdk/device/http-device-base.ts";
import { HttpRefusalError } from "../sdk/device/http-refusal-error.ts";
import { credentialHint } from "./device-refusal.ts";
import { nameOfNumber, refusalText } from "./hub-refusal.ts";

interface Reading {
  readonly byStatus: Readonly<Record<number, HubErrorName>>;
  readonly hints: Partial<Readonly<Record<HubErrorName, string>>>;
}

const COMMON_STATUSES: Readonly<Record<number, HubErrorName>> = {
  400: "ArgumentInvalid",
  401: "IotHubUnauthorized",
  403: "IotHubQuotaExceeded",
  404: "DeviceNotFound",
  413: "MessageTooLarge",
  429: "Throttling",
  503: "ServiceUnavailable",
};

function readingOfDevice(credential: DeviceCredential): Reading {
  const hint = credentialHint(credential);
  return {
    byStatus: { ...COMMON_STATUSES, 412: "DeviceMessageLockLost" },
    hints: {
      IotHubUnauthorized: hint,
      DeviceNotFound: hint,
      Throttling: "Poll less often (--poll-interval).",
    },
  };
}

const OWNER: Reading = {
  byStatus: {
    ...COMMON_STATUSES,
    // A hub names the missing device; a 404 without that may come from any web server.
    404: "ServerError",
    409: "DeviceAlreadyExists",
    412: "PreconditionFailed",
  },
  hints: {
    DeviceAlreadyExists:
      "Show it with c2d-hub device show, or add --if-not-exists to accept an existing device.",
    DeviceNotFound: "Check the device id (ids are case-sensitive): c2d-hub device list.",
    IotHubQuotaExceeded:
      "The hub has reached its device limit, or its network rules block this machine.",
    IotHubUnauthorized:
      "Check the policy and key in the connection string (reading devices needs RegistryRead, changing them RegistryWrite, purging ServiceConnect), and this machine's clock.",
    PreconditionFailed:
      "The device was changed at the same time: check it with c2d-hub device show, and run the command again.",
    ServerError: "Try again later, and check that HostName is that of an IoT hub.",
    Throttling: "Wait a minute: Azure allows about 100 registry operations per minute.",
  },
};

export function refusalByAnswer(
  cause: unknown,
  credential: DeviceCredential,
): ClientError | undefined {
  return toRefusal(cause, readingOfDevice(credential));
}

export function refusalToOwner(cause: unknown): ClientError | undefined {
  return toRefusal(cause, OWNER);
}

function toRefusal(cause: unknown, { byStatus, hints }: Reading): ClientError | undefined {
  if (!(cause instanceof HttpRefusalError)) return undefined;
  const { answer } = cause;
  const { name: errorName, words } = parseAnswer(answer);
  const name = nameOf(errorName, answer.status, byStatus);
  const message = `${refusalText(words || name)} (HTTP ${answer.status}).`;
  return new ClientError(name, message, { cause, hint: hints[name] });
}

interface ParsedRefusal {
  readonly name?: string | undefined;
  readonly words: string;
}

/** `ErrorCode:{name};{text}` inside JSON (rule https-error), or nested once more. */
function parseAnswer({ body }: HttpAnswer): ParsedRefusal {
  const message = parseObject(body.toString("utf8")).Message;
  if (typeof message !== "string") return { words: "" };
  const { errorCode, message: text } = parseObject(message);
  if (typeof errorCode === "number") {
    return { name: nameOfNumber(errorCode), words: trim(typeof text === "string" ? text : "") };
  }
  return {
    name: /^ErrorCode:(\w+)/.exec(message)?.[1],
    words: trim(message.split(";").slice(1).join(";")),
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null ? (json as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function nameOf(
  errorName: string | undefined,
  status: number,
  byStatus: Reading["byStatus"],
): HubErrorName {
  const byName = HUB_ERROR_NAMES.find(
    (name) => name === errorName && httpStatusOf(name) === status,
  );
  return byName ?? byStatus[status] ?? (status >= 500 ? "ServerError" : "ArgumentInvalid");
}

function trim(words: string): string {
  return words.trim().replace(/\.$/, "");
}
