import { HubError } from "../../core/hub-error.ts";

/** @throws HubError ArgumentInvalid */
export function parseObject(body: Uint8Array): Record<string, unknown> {
  const json = parseJson(body);
  if (isObject(json)) return json;
  throw new HubError("ArgumentInvalid", "The body is not a JSON object.");
}

/** @throws HubError ArgumentInvalid */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString("utf8"));
  } catch (error) {
    throw new HubError("ArgumentInvalid", "The body is not JSON.", { cause: error });
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
