import type { IConnectPacket } from "mqtt-packet";
import { HubError } from "../../core/hub-error.ts";
import type { Telemetry } from "../../core/message.ts";
import { parseResource } from "../../core/resource-path.ts";
import { readWill } from "./incoming-publish.ts";

/** Those that the hub uses (MQTT 3.1.1, table 3.1). */
export const CONNACK = {
  accepted: 0,
  unacceptableProtocol: 1,
  serverUnavailable: 3,
  notAuthorized: 5,
} as const;

export interface ConnectRequest {
  readonly deviceId: string;
  /** Lower case, without port. */
  readonly hostName: string;
  /** Absent for a device that signs in with a certificate. */
  readonly token?: string;
  readonly isCleanSession: boolean;
  /** 0: no keep-alive. */
  readonly keepAliveSeconds: number;
  /** Telemetry to send if the connection ends without DISCONNECT (rule mqtt-will). */
  readonly will?: Telemetry;
}

/**
 * The user name is `{host}/{clientId}/?api-version=…`, in the older forms
 * `{host}/{clientId}/api-version=…` and `{host}/{clientId}`; `?` is legal within a device id (rule
 * mqtt-user-name).
 * @throws HubError IotHubUnauthorized when user name and client id do not match; ArgumentInvalid
 * for a will topic other than the device's telemetry topic.
 */
export function parseConnect(packet: IConnectPacket): ConnectRequest {
  const segments = (packet.username ?? "").split("/");
  const last = segments.at(-1) ?? "";
  if (segments.length > 2 && /^(\?|api-version=)/.test(last)) segments.pop();
  const [host = "", ...id] = segments;
  if (packet.clientId === "" || id.join("/") !== packet.clientId) {
    throw new HubError(
      "IotHubUnauthorized",
      "The user name is not {host}/{client id}/?api-version=…",
    );
  }
  return {
    deviceId: packet.clientId,
    hostName: parseResource(host).host,
    isCleanSession: packet.clean ?? true,
    keepAliveSeconds: packet.keepalive ?? 0,
    ...(packet.password !== undefined && { token: packet.password.toString() }),
    ...(packet.will && { will: parseWill(packet.clientId, packet.will) }),
  };
}

function parseWill(deviceId: string, packet: NonNullable<IConnectPacket["will"]>): Telemetry {
  const will = readWill(deviceId, packet);
  if (will !== undefined) return will;
  throw new HubError(
    "ArgumentInvalid",
    "The topic of a will must be devices/{id}/messages/events/…",
  );
}

/** Codes 2 and 4 would make the C SDK stop retrying (rules mqtt-connack, mqtt-connack-disabled). */
export function connackCodeOf(error: HubError): number {
  return error.name === "IotHubUnauthorized" ? CONNACK.notAuthorized : CONNACK.serverUnavailable;
}
