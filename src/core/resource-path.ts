/** Every address, topic and path of the hub, built and parsed in one place. */

/** A thing an AMQP link can be attached to. */
export type AmqpNode =
  | { readonly type: "cbs" }
  | { readonly type: "serviceDevicebound" }
  | { readonly type: "feedback" }
  | { readonly type: "fileNotifications" }
  | { readonly type: "deviceDevicebound"; readonly deviceId: string }
  | { readonly type: "deviceEvents"; readonly deviceId: string }
  | { readonly type: "unknown" };

/** The `sr` of a token or the audience of a claim: a host and the segments below it. */
export interface Resource {
  /** Lower case, without port. */
  readonly host: string;
  readonly segments: readonly string[];
}

/**
 * Reads an AMQP address (rule amqp-address): with or without scheme, host and leading slash, fixed segments in any
 * case, the device id percent-encoded or not.
 */
export function parseAmqpAddress(address: string): AmqpNode {
  const segments = pathSegments(address);
  const [first, second, third, fourth] = segments.map((segment) => segment.toLowerCase());
  const deviceId = decodeSegment(segments[1] ?? "");
  if (segments.length === 1 && first === "$cbs") return { type: "cbs" };
  if (segments.length === 2 && first === "messages" && second === "devicebound") {
    return { type: "serviceDevicebound" };
  }
  if (segments.length === 3 && first === "messages" && second === "servicebound") {
    if (third === "feedback") return { type: "feedback" };
    if (third === "filenotifications") return { type: "fileNotifications" };
  }
  if (segments.length === 4 && first === "devices" && third === "messages") {
    if (fourth === "devicebound") return { type: "deviceDevicebound", deviceId };
    if (fourth === "events") return { type: "deviceEvents", deviceId };
  }
  return { type: "unknown" };
}

/** The device a cloud-to-device message is `to`, if it is to one (rule c2d-to). */
export function parseDeviceboundTo(to: string): string | undefined {
  const node = parseAmqpAddress(to);
  return node.type === "deviceDevicebound" ? node.deviceId : undefined;
}

/** The `to` every delivered cloud-to-device message carries. */
export function deviceboundTo(deviceId: string): string {
  return `/devices/${deviceId}/messages/devicebound`;
}

export type MqttFilter =
  | { readonly type: "devicebound" }
  | { readonly type: "methods" }
  | { readonly type: "twinResponses" }
  | { readonly type: "twinDesiredPatches" };

/** A topic filter this device may subscribe to (rule mqtt-subscribe); undefined for any other. */
export function parseMqttFilter(filter: string, deviceId: string): MqttFilter | undefined {
  if (filter === `devices/${deviceId}/messages/devicebound/#`) return { type: "devicebound" };
  if (filter === "$iothub/methods/POST/#") return { type: "methods" };
  if (filter === "$iothub/twin/res/#") return { type: "twinResponses" };
  if (filter === "$iothub/twin/PATCH/properties/desired/#") return { type: "twinDesiredPatches" };
  return undefined;
}

/** The topic a message with this property bag is published to. */
export function deviceboundTopic(deviceId: string, bag: string): string {
  return `devices/${deviceId}/messages/devicebound/${bag}`;
}

/** The bag behind a devicebound topic of this device; undefined for another topic. */
export function parseDeviceboundTopic(topic: string, deviceId: string): string | undefined {
  const prefix = deviceboundTopic(deviceId, "");
  return topic.startsWith(prefix) ? topic.slice(prefix.length) : undefined;
}

/**
 * Reads `sr` or an audience: encoded as a whole, encoded segment by segment or not at all, with or
 * without scheme and port.
 */
export function parseResource(text: string): Resource {
  const isEncodedWhole = /%2f/i.test(text);
  const decoded = isEncodedWhole ? decodeSegment(text) : text;
  const [authority = "", ...rest] = decoded.replace(/^[a-z]+:\/\//i, "").split("/");
  const segments = rest.filter((segment) => segment !== "");
  return {
    host: hostOf(decodeSegment(authority)).toLowerCase(),
    segments: isEncodedWhole ? segments : segments.map(decodeSegment),
  };
}

/** True when `scope` is `resource` or, segment by segment, a prefix of it; all names of the hub are one. */
export function isWithinScope(
  resource: Resource,
  scope: Resource,
  hostNames: readonly string[],
): boolean {
  const isOfHub = ({ host }: Resource): boolean => hostNames.includes(host);
  return (
    isOfHub(resource) &&
    isOfHub(scope) &&
    scope.segments.length <= resource.segments.length &&
    scope.segments.every((segment, index) => segment === resource.segments[index])
  );
}

/** Without port and brackets; an IPv6 address may come with or without brackets. */
function hostOf(authority: string): string {
  const [, address] = /^\[(.+)\](?::\d+)?$/.exec(authority) ?? [];
  return address ?? authority.replace(/^([^:]*):\d+$/, "$1");
}

function pathSegments(address: string): string[] {
  const path = address.replace(/^[a-z]+:\/\/[^/]*/i, "");
  return path.split("/").filter((segment) => segment !== "");
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
