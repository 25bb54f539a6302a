/** The hub's identity registry, over HTTPS (port 443). */

import { untilAborted } from "../../async/until-aborted.ts";
import { DeadlinePassedError, within } from "../../async/within.ts";
import type { DeviceRequest } from "../../core/device-identity.ts";
import { probe } from "../connection/probe.ts";
import type { ServiceSignIn } from "../connection/service-sign-in.ts";
import { trustedCertificates } from "../connection/trusted-certificates.ts";
import { type Endpoint, endpointOf, formatEndpoint } from "../endpoint.ts";
import { ClientError } from "../errors/client-error.ts";
import { connectionLost, notResponding, toNetworkError } from "../errors/network-error.ts";
import { toPackageError } from "../errors/package-error.ts";
import { refusalToOwner } from "../refusals/http-refusal.ts";
import { withRoleHint } from "../refusals/role-hint.ts";
import { requireEntraToken } from "../sdk/entra/entra-login.ts";
import {
  createSdkRegistry,
  type SdkRegistry,
  UnexpectedResponseError,
} from "../sdk/iothub/registry.ts";
import { parseRegisteredDevice, type RegisteredDevice } from "./registered-device.ts";

export interface RegistryClientOptions {
  /** Which hub, and as whom. */
  readonly signIn: ServiceSignIn;
  /** Extra CA certificates to trust (PEM). */
  readonly ca?: string | undefined;
  /** Bounds each request, in milliseconds; finding the reason of a timeout may take half a second more. */
  readonly requestTimeoutMs: number;
  /** Gives up what is asked for; the reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/** Devices that one listing brings at most. */
export const MAX_LISTED_DEVICES = 1000;

const NEVER_ABORTED = new AbortController().signal;

/**
 * Each method asks the hub once and throws ClientError: by the hub's name for its refusal;
 * CredentialUnavailable; HostNotFound, ConnectionRefused, UntrustedCertificate, TlsFailure,
 * ConnectTimeout or ConnectionLost when the hub is not reached.
 */
export class RegistryClient {
  readonly #options: RegistryClientOptions;
  readonly #endpoint: Endpoint;
  readonly #ca: string[] | undefined;
  readonly #registry: SdkRegistry;

  constructor(options: RegistryClientOptions) {
    this.#options = options;
    this.#endpoint = endpointOf(options.signIn.hostName, "http");
    this.#ca = trustedCertificates(options.ca);
    this.#registry = createSdkRegistry({
      signIn: options.signIn,
      endpoint: this.#endpoint,
      ca: this.#ca,
      answerTimeoutMs: options.requestTimeoutMs,
    });
  }

  /** Keys that are left empty are made by the hub. */
  async create(deviceId: string, request: DeviceRequest): Promise<RegisteredDevice> {
    const created = this.#ask(() => this.#registry.create(toDescription(deviceId, request)));
    return this.#toDevice(await created);
  }

  async get(deviceId: string): Promise<RegisteredDevice> {
    return this.#toDevice(await this.#ask(() => this.#registry.get(deviceId)));
  }

  /** The first `MAX_LISTED_DEVICES`. */
  async list(): Promise<readonly RegisteredDevice[]> {
    const listed = await this.#ask(() => this.#registry.list());
    if (!Array.isArray(listed)) throw this.#unexpectedResponse();
    return listed.map((device) => this.#toDevice(device));
  }

  async delete(deviceId: string): Promise<void> {
    await this.#ask(() => this.#registry.delete(deviceId));
  }

  /** Empties the device's queue and tells how many messages that were. */
  async purge(deviceId: string): Promise<number> {
    const purged = (await this.#ask(() => this.#registry.purge(deviceId))) as
      | { readonly totalMessagesPurged?: unknown }
      | undefined;
    const count = purged?.totalMessagesPurged;
    if (typeof count !== "number") throw this.#unexpectedResponse();
    return count;
  }

  /** Ends sockets at once. */
  close(): void {
    this.#registry.destroy();
  }

  async #ask<T>(request: () => Promise<T>): Promise<T> {
    const { signIn, signal = NEVER_ABORTED, requestTimeoutMs } = this.#options;
    signal.throwIfAborted();
    const deadlineMs = performance.now() + requestTimeoutMs;
    try {
      if (signIn.type === "entra") {
        const bound = (search: Promise<void>) => untilAborted(search, signal);
        await requireEntraToken(signIn, requestTimeoutMs, bound);
        signal.throwIfAborted();
      }
      const leftMs = Math.max(0, deadlineMs - performance.now());
      const answer = await within(leftMs, untilAborted(request(), signal));
      signal.throwIfAborted();
      return answer as T;
    } catch (error) {
      signal.throwIfAborted();
      throw await this.#explain(error, deadlineMs);
    }
  }

  async #explain(error: unknown, deadlineMs: number): Promise<ClientError> {
    if (error instanceof ClientError) return error;
    const refusal =
      toPackageError(error) ?? withRoleHint(refusalToOwner(error), this.#options.signIn);
    if (refusal) return refusal;
    if (error instanceof UnexpectedResponseError) return this.#unexpectedResponse(error);
    const known =
      toNetworkError(error, this.#endpoint) ?? (await probe(this.#endpoint, this.#ca, deadlineMs));
    if (known) return known;
    return error instanceof DeadlinePassedError
      ? notResponding(this.#endpoint, this.#options.requestTimeoutMs, "an IoT hub", error)
      : connectionLost(this.#endpoint, error);
  }

  #toDevice(json: unknown): RegisteredDevice {
    const device = parseRegisteredDevice(json);
    if (device === undefined) throw this.#unexpectedResponse();
    return device;
  }

  #unexpectedResponse(cause?: Error): ClientError {
    return new ClientError(
      "ServerError",
      `The response from ${formatEndpoint(this.#endpoint)} is not that of an IoT hub.`,
      { cause, hint: "Check HostName in the connection string." },
    );
  }
}

function toDescription(
  deviceId: string,
  { status, statusReason, authentication, isIotEdge }: DeviceRequest,
) {
  return {
    deviceId,
    ...(status !== undefined && { status }),
    ...(statusReason !== undefined && { statusReason }),
    ...(isIotEdge !== undefined && { capabilities: { iotEdge: isIotEdge } }),
    ...(authentication && { authentication: toAuthenticationJson(authentication) }),
  };
}

function toAuthenticationJson(authentication: NonNullable<DeviceRequest["authentication"]>) {
  const { type, ...values } = authentication;
  if (type === "sas") return { type, symmetricKey: values };
  return type === "selfSigned" ? { type, x509Thumbprint: values } : { type };
}
