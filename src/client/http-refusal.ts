/** What a hub refuses over HTTP. */

import { HUB_ERRORS, type HubErrorName, httpStatusOf } from "../core/hub-error.ts";
import { ClientError } from "./client-error.ts";
import { CHECK_DEVICE_KEY } from "./device-refusal.ts";
import type { HttpAnswer } from "./sdk-hooks/http-device-base.ts";
import { HttpRefusalError } from "./sdk-hooks/http-device-client.ts";

/** For statuses that several errors share, or none has: the one a device meets. */
const BY_STATUS: Readonly<Record<number, HubErrorName>> = {
  400: "ArgumentInvalid",
  401: "IotHubUnauthorized",
  403: "IotHubQuotaExceeded",
  404: "DeviceNotFound",
  412: "DeviceMessageLockLost",
  429: "Throttling",
  503: "ServiceUnavailable",
};

const NAMES = Object.keys(HUB_ERRORS) as HubErrorName[];

const HINTS: Partial<Readonly<Record<HubErrorName, string>>> = {
  IotHubUnauthorized: CHECK_DEVICE_KEY,
  DeviceNotFound: CHECK_DEVICE_KEY,
  Throttling: "Poll less often (--poll-interval).",
};

/** The refusal when `cause` is an answer of the hub; else undefined. */
export function refusalByAnswer(cause: unknown): ClientError | undefined {
  if (!(cause instanceof HttpRefusalError)) return undefined;
  const { answer } = cause;
  const text = textOf(answer);
  const name = nameOf(text, answer.status);
  const hint = HINTS[name];
  const message = `The hub refused: ${messageOf(text) ?? name} (HTTP ${answer.status}).`;
  return new ClientError(name, message, { cause, ...(hint !== undefined && { hint }) });
}

/** `ErrorCode:{name};{text}` inside of JSON (rule https-error). */
function textOf({ body }: HttpAnswer): string {
  try {
    const json: unknown = JSON.parse(body.toString("utf8"));
    const message = typeof json === "object" && json !== null && "Message" in json && json.Message;
    return typeof message === "string" ? message : "";
  } catch {
    return "";
  }
}

function nameOf(text: string, status: number): HubErrorName {
  const told = /^ErrorCode:(\w+)/.exec(text)?.[1];
  const byName = NAMES.find((name) => name === told && httpStatusOf(name) === status);
  return byName ?? BY_STATUS[status] ?? (status >= 500 ? "ServerError" : "ArgumentInvalid");
}

function messageOf(text: string): string | undefined {
  const words = text.split(";").slice(1).join(";").trim().replace(/\.$/, "");
  return words === "" ? undefined : words;
}
