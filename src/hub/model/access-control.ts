import type { Clock } from "../../async/clock.ts";
import {
  type AccessContext,
  authenticateCertificate,
  authenticateKey,
  authenticateToken,
  authorize,
  authorizeDevice,
  type ClientCertificate,
  type Principal,
} from "../../core/access.ts";
import type { Permission, Policy } from "../../core/device-identity.ts";
import { HubError } from "../../core/hub-error.ts";
import type { DeviceAuthorities } from "./device-authorities.ts";
import type { Registry } from "./identity-registry.ts";

interface AccessControlOptions {
  readonly hostNames: readonly string[];
  readonly policies: readonly Policy[];
  readonly authorities: Pick<DeviceAuthorities, "haveIssued">;
  readonly registry: Registry;
  readonly clock: Clock;
}

/** Every method throws HubError IotHubUnauthorized if `core/access.ts` refuses. */
export class AccessControl {
  readonly #options: AccessControlOptions;
  readonly #hostNames: readonly string[];

  constructor(options: AccessControlOptions) {
    this.#options = options;
    this.#hostNames = options.hostNames.map((name) => name.toLowerCase());
  }

  authenticate(token: string, deviceId?: string): Principal {
    return authenticateToken(token, this.#context(), deviceId);
  }

  authenticateKey(policyName: string, key: string): Principal[] {
    return authenticateKey(policyName, key, this.#context());
  }

  authenticateCertificate(certificate: ClientCertificate, deviceId: string): Principal {
    return authenticateCertificate(certificate, deviceId, this.#context());
  }

  authorize(principal: Principal, permission: Permission, path: readonly string[]): void {
    authorize(principal, permission, path, this.#context());
  }

  authorizeDevice(principal: Principal, deviceId: string): void {
    authorizeDevice(principal, deviceId, this.#context());
  }

  /** In a SASL user name: a host name up to its first dot, or whole. */
  requireHubName(name: string): void {
    const names = this.#hostNames.flatMap((host) => [host, host.split(".")[0]]);
    if (names.includes(name.toLowerCase())) return;
    throw new HubError("IotHubUnauthorized", `This hub is not ${name}.`);
  }

  /** Case-insensitive. */
  answersTo(hostName: string): boolean {
    return this.#hostNames.includes(hostName.toLowerCase());
  }

  #context(): AccessContext {
    const { authorities, clock, policies, registry } = this.#options;
    const nowMs = clock.nowMs();
    return {
      hostNames: this.#hostNames,
      nowMs,
      findPolicy: (name) => policies.find((policy) => policy.name === name),
      findDevice: (deviceId) => registry.find(deviceId),
      isOfRegisteredAuthority: ({ chain }) => authorities.haveIssued(chain, nowMs),
    };
  }
}
