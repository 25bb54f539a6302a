import { Secret } from "./secret.ts";

export interface HubConnectionString {
  readonly type: "hub";
  /** Host, with `:port` if it has one. */
  readonly hostName: string;
  readonly sharedAccessKeyName: string;
  readonly sharedAccessKey: Secret;
}

export interface EventHubConnectionString {
  readonly type: "eventHub";
  readonly hostName: string;
  readonly sharedAccessKeyName: string;
  readonly sharedAccessKey: Secret;
  /** Name of the event hub. */
  readonly entityPath: string;
}

export interface DeviceConnectionString {
  readonly type: "device";
  readonly hostName: string;
  readonly deviceId: string;
  /** Where to connect instead of `hostName`. */
  readonly gatewayHostName?: string;
  readonly credential: DeviceCredential;
}

export type DeviceCredential =
  | { readonly type: "key"; readonly sharedAccessKey: Secret }
  | { readonly type: "x509" }
  | { readonly type: "sasToken"; readonly sharedAccessSignature: Secret };

/** `message` and `hint` never contain the text itself: it may hold a key. */
export class ConnectionStringError extends Error {
  override readonly name = "ConnectionStringError";
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

const HUB_FORM = "HostName=<hub>;SharedAccessKeyName=<policy>;SharedAccessKey=<key>";
const EVENT_HUB_FORM =
  "Endpoint=sb://<host>/;SharedAccessKeyName=<policy>;SharedAccessKey=<key>;EntityPath=<name>";
const EVENT_HUB_STRING = "this is the connection string of an Event Hubs-compatible endpoint";
const DEVICE_FORM = "HostName=<hub>;DeviceId=<device>;SharedAccessKey=<key>";

/** @throws ConnectionStringError */
export function parseHubConnectionString(text: string): HubConnectionString {
  const fields = parseFields(text, HUB_FORM);
  const hint = `A hub connection string looks like ${HUB_FORM}; find it in the portal under "Shared access policies", policy "service".`;
  if (fields.has("endpoint")) {
    throw new ConnectionStringError(
      `${EVENT_HUB_STRING}; a hub (service) connection string is expected here`,
      `${hint} To read events from that endpoint, use --event-hub.`,
    );
  }
  if (fields.has("deviceid")) {
    throw new ConnectionStringError(
      "this is a device connection string; a hub (service) connection string is expected here",
      hint,
    );
  }
  return {
    type: "hub",
    hostName: required(fields, "HostName", HUB_FORM),
    sharedAccessKeyName: required(fields, "SharedAccessKeyName", HUB_FORM),
    sharedAccessKey: parseKey(required(fields, "SharedAccessKey", HUB_FORM)),
  };
}

/** @throws ConnectionStringError */
export function parseDeviceConnectionString(text: string): DeviceConnectionString {
  const fields = parseFields(text, DEVICE_FORM);
  if (fields.has("endpoint") || fields.has("sharedaccesskeyname")) {
    const given = fields.has("endpoint")
      ? EVENT_HUB_STRING
      : "this is a hub (service) connection string";
    throw new ConnectionStringError(
      `${given}; a device connection string is expected here`,
      `A device connection string looks like ${DEVICE_FORM}; find it in the portal under "Devices", the device, "Primary connection string".`,
    );
  }
  const gatewayHostName = fields.get("gatewayhostname");
  return {
    type: "device",
    hostName: required(fields, "HostName", DEVICE_FORM),
    deviceId: required(fields, "DeviceId", DEVICE_FORM),
    ...(gatewayHostName !== undefined && { gatewayHostName }),
    credential: deviceCredential(fields),
  };
}

/** @throws ConnectionStringError */
export function parseEventHubConnectionString(text: string): EventHubConnectionString {
  const fields = parseFields(text, EVENT_HUB_FORM);
  if (fields.has("hostname")) {
    throw new ConnectionStringError(
      "this is the connection string of a hub or a device; that of an Event Hubs-compatible endpoint is expected here",
      `It looks like ${EVENT_HUB_FORM}; find it in the portal under "Built-in endpoints". Pass a hub connection string with --login.`,
    );
  }
  const endpoint = required(fields, "Endpoint", EVENT_HUB_FORM);
  const [, hostName] = /^sb:\/\/([^/]+)\/?$/i.exec(endpoint) ?? [];
  if (hostName === undefined) {
    throw new ConnectionStringError(
      "its Endpoint does not have the form sb://<host>/",
      `It looks like ${EVENT_HUB_FORM}.`,
    );
  }
  return {
    type: "eventHub",
    hostName,
    sharedAccessKeyName: required(fields, "SharedAccessKeyName", EVENT_HUB_FORM),
    sharedAccessKey: parseKey(required(fields, "SharedAccessKey", EVENT_HUB_FORM)),
    entityPath: required(fields, "EntityPath", EVENT_HUB_FORM),
  };
}

export function formatHubConnectionString(parts: Omit<HubConnectionString, "type">): string {
  const { hostName, sharedAccessKeyName, sharedAccessKey } = parts;
  return `HostName=${hostName};SharedAccessKeyName=${sharedAccessKeyName};SharedAccessKey=${sharedAccessKey.reveal()}`;
}

export function formatDeviceConnectionString(parts: Omit<DeviceConnectionString, "type">): string {
  const gateway = parts.gatewayHostName ? `;GatewayHostName=${parts.gatewayHostName}` : "";
  return `HostName=${parts.hostName};DeviceId=${parts.deviceId};${formatCredential(parts.credential)}${gateway}`;
}

export function formatEventHubConnectionString(
  parts: Omit<EventHubConnectionString, "type">,
): string {
  const { hostName, sharedAccessKeyName, sharedAccessKey, entityPath } = parts;
  return `Endpoint=sb://${hostName}/;SharedAccessKeyName=${sharedAccessKeyName};SharedAccessKey=${sharedAccessKey.reveal()};EntityPath=${entityPath}`;
}

export function splitHostPort(hostName: string): { readonly host: string; readonly port?: number } {
  const [, host, port] = /^([^:]+):(\d+)$/.exec(hostName) ?? [];
  return host === undefined ? { host: hostName } : { host, port: Number(port) };
}

function parseFields(text: string, form: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const part of text.trim().split(";")) {
    if (part.trim() === "") continue;
    const equals = part.indexOf("=");
    if (equals < 1) {
      throw new ConnectionStringError(
        "a part of it does not have the form Name=value",
        `It looks like ${form}.`,
      );
    }
    const name = part.slice(0, equals).trim().toLowerCase();
    if (fields.has(name))
      throw new ConnectionStringError("it contains a field twice", `It looks like ${form}.`);
    fields.set(name, part.slice(equals + 1).trim());
  }
  return fields;
}

function required(fields: Map<string, string>, name: string, form: string): string {
  const value = fields.get(name.toLowerCase());
  if (!value) {
    throw new ConnectionStringError(
      `${name} is missing`,
      `It looks like ${form}. In a shell, put it in quotes: ";" ends a command.`,
    );
  }
  return value;
}

function parseKey(text: string): Secret {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) {
    throw new ConnectionStringError(
      "SharedAccessKey is not base64",
      "Copy the whole key again, including the = at the end.",
    );
  }
  return new Secret(text);
}

function deviceCredential(fields: Map<string, string>): DeviceCredential {
  if (fields.get("x509")?.toLowerCase() === "true") return { type: "x509" };
  const signature = fields.get("sharedaccesssignature");
  if (signature) return { type: "sasToken", sharedAccessSignature: new Secret(signature) };
  return {
    type: "key",
    sharedAccessKey: parseKey(required(fields, "SharedAccessKey", DEVICE_FORM)),
  };
}

function formatCredential(credential: DeviceCredential): string {
  switch (credential.type) {
    case "key":
      return `SharedAccessKey=${credential.sharedAccessKey.reveal()}`;
    case "sasToken":
      return `SharedAccessSignature=${credential.sharedAccessSignature.reveal()}`;
    case "x509":
      return "x509=true";
  }
}
