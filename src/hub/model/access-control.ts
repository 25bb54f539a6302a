/** The core's access rules, fed with this hub's names, policies and devices. */

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
  /** Every name the hub answers to. */
  readonly hostNames: readonly string[];
  readonly policies: readonly Policy[];
  readonly authorities: DeviceAuthorities;
  readonly registry: Registry;
  readonly clock: Clock;
}

export class AccessControl {
  readonly #hostNames: readonly string[];
  readonly #policies: ReadonlyMap<string, Policy>;
  readonly #authorities: DeviceAuthorities;
  readonly #registry: Registry;
  readonly #clock: Clock;

  constructor({ hostNames, policies, authorities, registry, clock }: AccessControlOptions) {
    this.#hostNames = hostNames.map((name) => name.toLowerCase());
    this.#policies = new Map(policies.map((policy) => [policy.name, policy]));
    this.#authorities = authorities;
    this.#registry = registry;
    this.#clock = clock;
  }

  /**
   * @param deviceId The device that presents the token, where that is known.
   * @throws HubError IotHubUnauthorized
   */
  authenticate(token: string, deviceId?: string): Principal {
    return authenticateToken(token, this.#context(), deviceId);
  }

  /** @throws HubError IotHubUnauthorized when this is not the name and a key of a policy. */
  authenticateKey(policyName: string, key: string): Principal[] {
    return authenticateKey(policyName, key, this.#context());
  }

  /** @throws HubError IotHubUnauthorized when the certificate is not that of the device. */
  authenticateCertificate(certificate: ClientCertificate, deviceId: string): Principal {
    return authenticateCertificate(certificate, deviceId, this.#context());
  }

  /**
   * Checks that the principal has the permission for the endpoint at this path below the hub.
   *
   * @throws HubError IotHubUnauthorized
   */
  authorize(principal: Principal, permission: Permission, path: readonly string[]): void {
    authorize(principal, permission, path, this.#context());
  }

  /**
   * Checks that the principal may be this device.
   *
   * @throws HubError IotHubUnauthorized
   */
  authorizeDevice(principal: Principal, deviceId: string): void {
    authorizeDevice(principal, deviceId, this.#context());
  }

  /**
   * Checks the hub's name as SASL user names have it: a host name up to its first dot, or whole.
   *
   * @throws HubError IotHubUnauthorized
   */
  requireHubName(name: string): void {
    const names = this.#hostNames.flatMap((host) => [host, host.split(".")[0]]);
    if (names.includes(name.toLowerCase())) return;
    throw new HubError("IotHubUnauthorized", `This hub is not ${name}.`);
  }

  /** True for each of the hub's names, in any case. */
  answersTo(hostName: string): boolean {
    return this.#hostNames.includes(hostName.toLowerCase());
  }

  #context(): AccessContext {
    const nowMs = this.#clock.nowMs();
    return {
      hostNames: this.#hostNames,
      nowMs,
      findPolicy: (name) => this.#policies.get(name),
      findDevice: (deviceId) => this.#registry.find(deviceId),
      isOfRegisteredAuthority: ({ chain }) => this.#authorities.haveIssued(chain, nowMs),
    };
  }
}
