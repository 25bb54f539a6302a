import type { IConnectPacket, IPublishPacket } from "mqtt-packet";
import type { Telemetry } from "../../core/message.ts";
import { decodeTelemetryProperties } from "../../core/property-bag.ts";
import { parseEventsTopic, parseTwinTopic, twinResponseTopic } from "../../core/resource-path.ts";
import { EMPTY_TWIN, REPORTED_VERSION } from "../../core/twin.ts";

export type IncomingPublish =
  | { readonly type: "telemetry"; readonly telemetry: Telemetry }
  | { readonly type: "twin"; readonly answer: Pick<IPublishPacket, "topic" | "payload"> }
  | { readonly type: "methodResponse" };

/** The device requested RETAIN, which the hub does not support. */
const RETAIN_PROPERTY = "mqtt-retain";

/** Marks a will in telemetry (MQTT guide, "Using MQTT last will"). */
const WILL_PROPERTIES = { "iothub-MessageType": "Will" } as const;

/** Undefined for a topic the device may not publish to. */
export function readPublish(deviceId: string, packet: IPublishPacket): IncomingPublish | undefined {
  const telemetry = toTelemetry(deviceId, packet);
  if (telemetry !== undefined) return { type: "telemetry", telemetry };
  const request = parseTwinTopic(packet.topic);
  switch (request?.type) {
    case "getTwin": {
      const topic = twinResponseTopic(200, request.requestId);
      return { type: "twin", answer: { topic, payload: JSON.stringify(EMPTY_TWIN) } };
    }
    case "reportProperties": {
      const topic = twinResponseTopic(204, request.requestId, REPORTED_VERSION);
      return { type: "twin", answer: { topic, payload: "" } };
    }
    default:
      return request;
  }
}

/** Undefined for a topic other than the device's telemetry topic. */
export function readWill(
  deviceId: string,
  will: NonNullable<IConnectPacket["will"]>,
): Telemetry | undefined {
  const telemetry = toTelemetry(deviceId, will);
  return telemetry && { ...telemetry, properties: { ...telemetry.properties, ...WILL_PROPERTIES } };
}

/** Rules d2c-mqtt, d2c-mqtt-retain. */
function toTelemetry(
  deviceId: string,
  { topic, payload, retain }: Pick<IPublishPacket, "topic" | "payload"> & { retain?: boolean },
): Telemetry | undefined {
  const bag = parseEventsTopic(topic, deviceId);
  if (bag === undefined) return undefined;
  const { system, properties } = decodeTelemetryProperties(bag);
  return {
    system,
    properties: { ...properties, ...(retain && { [RETAIN_PROPERTY]: "true" }) },
    body: typeof payload === "string" ? Buffer.from(payload) : payload,
  };
}
