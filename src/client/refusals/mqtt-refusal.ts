import type { DeviceConnectionString } from "../../core/connection-string.ts";
import type { HubErrorName } from "../../core/hub-error.ts";
import { ClientError } from "../errors/client-error.ts";
import { credentialHint } from "./device-refusal.ts";

interface Refusal {
  readonly name: HubErrorName;
  readonly message: string;
  readonly hint?: string;
}

/** MQTT 3.1.1, table 3.1. */
const REFUSALS: Readonly<Record<number, Refusal>> = {
  1: { name: "ServerError", message: "does not speak MQTT 3.1.1", hint: "Check HostName." },
  2: { name: "IotHubUnauthorized", message: "rejected the device id" },
  3: {
    name: "ServiceUnavailable",
    message: "is unavailable for this device",
    hint: "Try again later; the device may also be disabled.",
  },
  4: { name: "IotHubUnauthorized", message: "refused the credentials" },
  5: { name: "IotHubUnauthorized", message: "refused the credentials" },
};

export function refusalByConnack(
  cause: unknown,
  { deviceId, credential }: Pick<DeviceConnectionString, "deviceId" | "credential">,
): ClientError | undefined {
  if (!(cause instanceof Error) || !("code" in cause) || typeof cause.code !== "number") {
    return undefined;
  }
  const refusal = REFUSALS[cause.code];
  if (refusal === undefined) return undefined;
  const message = `The hub ${refusal.message} (device '${deviceId}', MQTT return code ${cause.code}).`;
  const hint = refusal.hint ?? credentialHint(credential);
  return new ClientError(refusal.name, message, { cause, hint });
}
