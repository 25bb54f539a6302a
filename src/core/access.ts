import {
  type DeviceIdentity,
  hasNewCredentials,
  type Permission,
  type Policy,
} from "./device-identity.ts";
import { HubError } from "./hub-error.ts";
import {
  EVENT_HUB_ENTITIES,
  isWithinScope,
  parseResource,
  type Resource,
} from "./resource-path.ts";
import { isKey, isSignedWith, parseSasToken, type SasToken } from "./sas-token.ts";

const NO_SUCH_POLICY = "The hub has no shared access policy with that name.";

export interface Principal {
  readonly name: string;
  /** Everything below it may be used, within the permissions. */
  readonly scope: Resource;
  readonly permissions: readonly Permission[];
  /** Milliseconds since the epoch; Infinity for a certificate or a key. */
  readonly expiryTimeMs: number;
  /** As it was at sign-in, when the device used its own credentials. */
  readonly device?: DeviceIdentity;
}

/** A TLS client certificate whose private key the client has. */
export interface ClientCertificate {
  /** Hex, without colons; so is `sha256`. */
  readonly sha1: string;
  readonly sha256: string;
  readonly commonName: string;
  /** DER: the certificate, then any others that the client sent. */
  readonly chain: readonly Uint8Array[];
}

export interface AccessContext {
  /** All host names of the hub, lower case, without port. */
  readonly hostNames: readonly string[];
  readonly nowMs: number;
  findPolicy(name: string): Policy | undefined;
  findDevice(deviceId: string): DeviceIdentity | undefined;
  isOfRegisteredAuthority(certificate: ClientCertificate): boolean;
}

/**
 * A token without a policy name is signed with its device's key (rule sas-subject). An expired one
 * is refused (rule sas-expiry).
 * @param deviceId The device by connection or address, for a token whose `sr` names none.
 * @throws HubError IotHubUnauthorized
 */
export function authenticateToken(
  text: string,
  context: AccessContext,
  deviceId?: string,
): Principal {
  const token = parseSasToken(text);
  if (token.expirySeconds * 1000 <= context.nowMs) {
    throw unauthorized("The shared access signature has expired.");
  }
  return token.policyName === undefined
    ? authenticateDevice(token, context, deviceId)
    : authenticatePolicy(token, token.policyName, context);
}

/**
 * By a policy's name and key, as Event Hubs clients do: for the event hub only (rule event-key).
 * @returns One principal for each entity of the event hub.
 * @throws HubError IotHubUnauthorized
 */
export function authenticateKey(name: string, key: string, context: AccessContext): Principal[] {
  const policy = context.findPolicy(name);
  if (policy === undefined) throw unauthorized(NO_SUCH_POLICY);
  if (!isKey(key, policy.primaryKey) && !isKey(key, policy.secondaryKey)) {
    throw unauthorized(`The password is not a key of the policy '${name}'.`);
  }
  return EVENT_HUB_ENTITIES.map((segments) => ({
    name,
    scope: { host: context.hostNames[0] ?? "", segments },
    permissions: policy.permissions,
    expiryTimeMs: Number.POSITIVE_INFINITY,
  }));
}

/** @throws HubError IotHubUnauthorized (rule x509-sign-in). */
export function authenticateCertificate(
  certificate: ClientCertificate,
  deviceId: string,
  context: AccessContext,
): Principal {
  const device = context.findDevice(deviceId);
  if (device === undefined || device.status === "disabled") throw noSuchDevice(deviceId);
  requireCertificateOf(device, certificate, context);
  return {
    name: deviceId,
    device,
    scope: { host: context.hostNames[0] ?? "", segments: ["devices", deviceId] },
    permissions: ["DeviceConnect"],
    expiryTimeMs: Number.POSITIVE_INFINITY,
  };
}

/**
 * @param path Segments below the hub (rules policy-permissions, sas-scope).
 * @throws HubError IotHubUnauthorized
 */
export function authorize(
  principal: Principal,
  permission: Permission,
  path: readonly string[],
  { hostNames, nowMs }: Pick<AccessContext, "hostNames" | "nowMs">,
): void {
  if (principal.expiryTimeMs <= nowMs)
    throw unauthorized("The shared access signature has expired.");
  if (!principal.permissions.includes(permission)) {
    throw unauthorized(
      `Authorization rule '${principal.name}' does not allow access for '${permission}'.`,
    );
  }
  const resource = { host: principal.scope.host, segments: path };
  if (!isWithinScope(resource, principal.scope, hostNames)) {
    throw unauthorized("The shared access signature is for another resource.");
  }
}

/**
 * @throws HubError IotHubUnauthorized if its credentials have changed (rule device-credentials).
 */
export function authorizeDevice(
  principal: Principal,
  deviceId: string,
  context: Pick<AccessContext, "hostNames" | "nowMs" | "findDevice">,
): void {
  const device = context.findDevice(deviceId);
  if (device === undefined || device.status === "disabled") throw noSuchDevice(deviceId);
  if (principal.device !== undefined && hasNewCredentials(principal.device, device)) {
    throw unauthorized("The device's credentials have changed; renew the token and reconnect.");
  }
  authorize(principal, "DeviceConnect", ["devices", deviceId], context);
}

/** `iothub-connection-auth-method` in a device's events (devguide-messages-construct). */
export function formatAuthMethod({ device }: Principal): string {
  const isCertificate = device !== undefined && device.authentication.type !== "sas";
  return JSON.stringify({
    scope: device ? "device" : "hub",
    type: isCertificate ? "x509" : "sas",
    issuer: isCertificate ? "external" : "iothub",
  });
}

function requireCertificateOf(
  { deviceId, authentication }: DeviceIdentity,
  certificate: ClientCertificate,
  context: AccessContext,
): void {
  const { sha1, sha256, commonName } = certificate;
  if (authentication.type === "sas") {
    throw unauthorized(`Device '${deviceId}' authenticates with a token, not with a certificate.`);
  }
  if (authentication.type === "certificateAuthority") {
    if (commonName === deviceId && context.isOfRegisteredAuthority(certificate)) return;
    throw unauthorized(
      `The certificate was not issued to '${deviceId}' by an authority registered with the hub.`,
    );
  }
  const { primaryThumbprint, secondaryThumbprint = "" } = authentication;
  const known = [primaryThumbprint, secondaryThumbprint].map((text) => text.toLowerCase());
  if ([sha1, sha256].some((own) => known.includes(own.toLowerCase()))) return;
  throw unauthorized(
    `Thumbprint does not match configuration: Thumbprint: SHA1Hash=${sha1}, SHA2Hash=${sha256}; Configuration: PrimaryThumbprint=${primaryThumbprint}, SecondaryThumbprint=${secondaryThumbprint}`,
  );
}

function authenticatePolicy(token: SasToken, name: string, context: AccessContext): Principal {
  const policy = context.findPolicy(name);
  if (policy === undefined) throw unauthorized(NO_SUCH_POLICY);
  requireSignature(token, policy);
  return {
    name,
    scope: parseResource(token.rawResource),
    permissions: policy.permissions,
    expiryTimeMs: token.expirySeconds * 1000,
  };
}

function authenticateDevice(
  token: SasToken,
  context: AccessContext,
  presentedBy: string | undefined,
): Principal {
  const scope = deviceScopeOf(parseResource(token.rawResource), presentedBy);
  const [, deviceId = ""] = scope.segments;
  const device = context.findDevice(deviceId);
  if (device === undefined || device.status === "disabled") throw noSuchDevice(deviceId);
  if (device.authentication.type !== "sas") {
    throw unauthorized(`Device '${deviceId}' authenticates with a certificate, not with a token.`);
  }
  requireSignature(token, device.authentication);
  return {
    name: deviceId,
    device,
    scope,
    permissions: ["DeviceConnect"],
    expiryTimeMs: token.expirySeconds * 1000,
  };
}

/** `sr` may be just a prefix: the signing device is still the limit (rule sas-hub-subject). */
function deviceScopeOf({ host, segments }: Resource, presentedBy: string | undefined): Resource {
  const [collection = "devices", deviceId = presentedBy, ...below] = segments;
  if (collection === "devices" && deviceId !== undefined) {
    return { host, segments: [collection, deviceId, ...below] };
  }
  throw unauthorized("The shared access signature names neither a policy nor a device.");
}

function requireSignature(
  token: SasToken,
  keys: { primaryKey: string; secondaryKey: string },
): void {
  if (isSignedWith(token, keys.primaryKey) || isSignedWith(token, keys.secondaryKey)) return;
  throw unauthorized("The shared access signature was not signed with a key of this identity.");
}

function noSuchDevice(deviceId: string): HubError {
  return unauthorized(`The hub has no enabled device '${deviceId}'.`);
}

function unauthorized(message: string): HubError {
  return new HubError("IotHubUnauthorized", message);
}
