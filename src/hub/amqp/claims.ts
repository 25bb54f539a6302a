/** A certificate or SASL PLAIN at the start, put-token on `$cbs` later. */

import type { Clock } from "../../async/clock.ts";
import type { ClientCertificate, Principal } from "../../core/access.ts";
import type { Permission } from "../../core/device-identity.ts";
import { HubError } from "../../core/hub-error.ts";
import { parseDeviceResource } from "../../core/resource-path.ts";
import type { AccessControl } from "../model/access-control.ts";

interface ClaimsOptions {
  readonly access: AccessControl;
  readonly clock: Clock;
  readonly certificate: ClientCertificate | undefined;
  onExpiry(): void;
}

export class Claims {
  readonly #options: ClaimsOptions;
  readonly #byAudience = new Map<string, Principal>();
  #cancelTimer = () => {};
  #isClosed = false;

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /** @throws HubError IotHubUnauthorized */
  add(audience: string, token: string): void {
    const principal = this.#options.access.authenticate(token, parseDeviceResource(audience));
    this.#byAudience.set(audience, principal);
    this.#watchExpiry();
  }

  /**
   * `{policy}@sas.root.{hub}` or `{deviceId}@sas.{hub}` with a token, or `{policy}` with its key.
   * @throws HubError IotHubUnauthorized
   */
  addPlain(userName: string, password: string): void {
    if (userName.includes("@")) this.#addPlainToken(userName, password);
    else this.#addPlainKey(userName, password);
  }

  /** Never expires: there is no token (rule event-key). */
  #addPlainKey(policyName: string, key: string): void {
    for (const principal of this.#options.access.authenticateKey(policyName, key)) {
      this.#byAudience.set(principal.scope.segments.join("/"), principal);
    }
  }

  #addPlainToken(userName: string, token: string): void {
    const [, policyName, ofPolicy] = /^(.+)@sas\.root\.([^@]+)$/.exec(userName) ?? [];
    const [, deviceId, ofDevice] = /^(.+)@sas\.([^@]+)$/.exec(userName) ?? [];
    const principal = this.#options.access.authenticate(token, policyName ? undefined : deviceId);
    this.#options.access.requireHubName(ofPolicy ?? ofDevice ?? "");
    if (policyName === undefined && deviceId !== undefined) {
      this.#options.access.authorizeDevice(principal, deviceId);
    } else if (policyName === undefined || principal.name !== policyName) {
      throw new HubError(
        "IotHubUnauthorized",
        "The user name is neither {policy}@sas.root.{hub} nor {deviceId}@sas.{hub}.",
      );
    }
    this.#byAudience.set(userName, principal);
    this.#watchExpiry();
  }

  /** @throws HubError IotHubUnauthorized when no credential has the permission for this path. */
  authorize(permission: Permission, path: readonly string[]): void {
    this.#requireOne((principal) => this.#options.access.authorize(principal, permission, path));
  }

  /** @throws HubError IotHubUnauthorized when no credential allows acting as this device. */
  authorizeDevice(deviceId: string): Principal {
    const { access, certificate } = this.#options;
    if (this.#byAudience.size === 0 && certificate !== undefined) {
      return access.authenticateCertificate(certificate, deviceId);
    }
    return this.#requireOne((principal) =>
      this.#options.access.authorizeDevice(principal, deviceId),
    );
  }

  /** Permanently: rhea may still deliver what had already arrived. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTimer();
  }

  #requireOne(check: (principal: Principal) => void): Principal {
    let refusal: unknown = new HubError(
      "IotHubUnauthorized",
      "The connection has not sent a token.",
    );
    for (const principal of this.#byAudience.values()) {
      try {
        check(principal);
        return principal;
      } catch (error) {
        refusal = error;
      }
    }
    throw refusal;
  }

  #watchExpiry(): void {
    this.#cancelTimer();
    const expiryTimeMs = Math.min(...[...this.#byAudience.values()].map((one) => one.expiryTimeMs));
    if (expiryTimeMs === Number.POSITIVE_INFINITY || this.#isClosed) return;
    this.#cancelTimer = this.#options.clock.setTimer(
      expiryTimeMs - this.#options.clock.nowMs(),
      () => this.#expire(),
    );
  }

  #expire(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const [audience, { expiryTimeMs }] of this.#byAudience) {
      if (expiryTimeMs <= nowMs) this.#byAudience.delete(audience);
    }
    this.#watchExpiry();
    this.#options.onExpiry();
  }
}
