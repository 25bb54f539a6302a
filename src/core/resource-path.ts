import { decodePercent } from "./encodings.ts";

export type AmqpNode =
  | { readonly type: "cbs" }
  | { readonly type: "serviceDevicebound" }
  | { readonly type: "feedback" }
  | { readonly type: "fileNotifications" }
  | { readonly type: "deviceDevicebound"; readonly deviceId: string }
  | { readonly type: "deviceEvents"; readonly deviceId: string }
  | { readonly type: "deviceTwin"; readonly deviceId: string }
  | { readonly type: "deviceMethods"; readonly deviceId: string }
  | { readonly type: "eventManagement" }
  | EventPartition
  | EventRedirect
  | { readonly type: "eventHubSender" }
  | { readonly type: "unknown" };

export interface EventPartition {
  readonly type: "eventPartition";
  readonly consumerGroup: string;
  readonly partitionId: string;
  /** The resource that the reader's token must cover. */
  readonly segments: readonly string[];
}

export interface EventRedirect {
  readonly type: "eventRedirect";
  /** The corresponding address in the event hub. */
  readonly path: string;
  /** The resource that the reader's token must cover. */
  readonly segments: readonly string[];
}

export const EVENT_HUB_NAME = "messages";

/** Entities below the event hub's name, as a token must cover them; the hub has paths there too. */
export const EVENT_HUB_ENTITIES = [
  [EVENT_HUB_NAME, "ConsumerGroups"],
  [EVENT_HUB_NAME, "$management"],
] as const;

/** The `sr` of a token or the audience of a claim: a host and path segments. */
export interface Resource {
  /** Lower case, without port. */
  readonly host: string;
  readonly segments: readonly string[];
}

/**
 * Parses an AMQP address (rule amqp-address): with or without scheme, host and leading slash, fixed
 * segments in any case, the device id percent-encoded or not.
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
  if (first === "devices" && third === "twin" && segments.length === 3) {
    return { type: "deviceTwin", deviceId };
  }
  if (first === "devices" && third === "methods" && fourth === "devicebound") {
    return { type: "deviceMethods", deviceId };
  }
  return parseEventAddress(segments, address.endsWith("/")) ?? { type: "unknown" };
}

/** The hub's paths begin `messages/events`, its event hub's with its name (rule event-address). */
function parseEventAddress(
  segments: readonly string[],
  hasTrailingSlash: boolean,
): AmqpNode | undefined {
  const [first, second, ...rest] = segments.map((segment) => segment.toLowerCase());
  if (segments.length === 1 && first === "$management") return { type: "eventManagement" };
  if (first !== EVENT_HUB_NAME) return undefined;
  if (second === "events") {
    // Some clients remove the slash again, without checking that it is there.
    const path = [EVENT_HUB_NAME, ...segments.slice(2), ...(hasTrailingSlash ? [""] : [])].join(
      "/",
    );
    return { type: "eventRedirect", path, segments };
  }
  if (second === undefined || second === "partitions") return { type: "eventHubSender" };
  if (second === "$management" && rest.length === 0) return { type: "eventManagement" };
  const [, , consumerGroup, , partitionId] = segments;
  const isPartition = second === "consumergroups" && rest[1] === "partitions" && rest.length === 3;
  if (!isPartition || consumerGroup === undefined || partitionId === undefined) return undefined;
  return { type: "eventPartition", consumerGroup, partitionId, segments };
}

/** The device in the `to` of a cloud-to-device message, if any (rule c2d-to). */
export function parseDeviceboundTo(to: string): string | undefined {
  // The usual form needs no decoding.
  const [, deviceId] = /^\/devices\/([^/%]+)\/messages\/devicebound$/.exec(to) ?? [];
  if (deviceId !== undefined) return deviceId;
  const node = parseAmqpAddress(to);
  return node.type === "deviceDevicebound" ? node.deviceId : undefined;
}

export function deviceboundTo(deviceId: string): string {
  return `/devices/${deviceId}/messages/devicebound`;
}

type MqttFilter =
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

type TwinTopic =
  | { readonly type: "getTwin" | "reportProperties"; readonly requestId: string }
  | { readonly type: "methodResponse" };

const TWIN_TOPICS = [
  ["getTwin", /^\$iothub\/twin\/GET\/\?(.*)$/],
  ["reportProperties", /^\$iothub\/twin\/PATCH\/properties\/reported\/\?(.*)$/],
] as const;

export function parseTwinTopic(topic: string): TwinTopic | undefined {
  if (topic.startsWith("$iothub/methods/res/")) return { type: "methodResponse" };
  for (const [type, form] of TWIN_TOPICS) {
    const [, query] = form.exec(topic) ?? [];
    if (query === undefined) continue;
    return { type, requestId: /(?:^|&)\$rid=([^&]*)/.exec(query)?.[1] ?? "" };
  }
  return undefined;
}

/** The C SDK requires the slash before `?`. */
export function twinResponseTopic(status: number, requestId: string, version?: number): string {
  const more = version === undefined ? "" : `&$version=${version}`;
  return `$iothub/twin/res/${status}/?$rid=${requestId}${more}`;
}

/** The property bag; undefined for another topic. */
export function parseEventsTopic(topic: string, deviceId: string): string | undefined {
  const prefix = `devices/${deviceId}/messages/events`;
  if (topic === prefix) return "";
  return topic.startsWith(`${prefix}/`) ? topic.slice(prefix.length + 1) : undefined;
}

export function deviceboundTopic(deviceId: string, bag: string): string {
  return `devices/${deviceId}/messages/devicebound/${bag}`;
}

/** The property bag; undefined for any topic but this device's. */
export function parseDeviceboundTopic(topic: string, deviceId: string): string | undefined {
  const prefix = deviceboundTopic(deviceId, "");
  return topic.startsWith(prefix) ? topic.slice(prefix.length) : undefined;
}

/** Encoded as a whole, per segment or not at all, with or without scheme and port. */
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

/** The device in an audience of the form `{host}/devices/{id}` or below. */
export function parseDeviceResource(text: string): string | undefined {
  const [collection, deviceId] = parseResource(text).segments;
  return collection === "devices" ? deviceId : undefined;
}

/** Whether `scope` is the resource or above it; all host names of the hub are equivalent. */
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
    scope.segments.every((segment, index) => {
      const other = resource.segments[index] ?? "";
      // Device ids are case-sensitive; names of event hubs and paths below them are not.
      return scope.segments[0] === "devices"
        ? segment === other
        : segment.toLowerCase() === other.toLowerCase();
    })
  );
}

/** Without port and brackets; an IPv6 address may have brackets or not. */
function hostOf(authority: string): string {
  const [, address] = /^\[(.+)\](?::\d+)?$/.exec(authority) ?? [];
  return address ?? authority.replace(/^([^:]*):\d+$/, "$1");
}

function pathSegments(address: string): string[] {
  const path = address.replace(/^[a-z]+:\/\/[^/]*/i, "");
  return path.split("/").filter((segment) => segment !== "");
}

function decodeSegment(segment: string): string {
  return decodePercent(segment) ?? segment;
}
