/** The hub's identity registry, over HTTPS (port 443). */

import { DeadlinePassedError, within } from "../../async/within.ts";
import type { DeviceRequest } from "../../core/device-identity.ts";
import { probe } from "../connection/probe.ts";
import type { ServiceSignIn } from "../connection/service-sign-in.ts";
import { trustedCertificates } from "../connection/trusted-certificates.ts";
import { ClientError } from "../errors/client-error.ts";
import { type Endpoint, endpointOf, formatEndpoint } from "../errors/endpoint.ts";
import { toNetworkError } from "../errors/network-error.ts";
import { refusalToOwner } from "../refusals/http-refusal.ts";
import { noTokenInTime, ROLE_HINT, requireEntraToken } from "../sdk/entra/entra-login.ts";
import { createSdkRegistry, type SdkRegistry, StrangeAnswerError } from "../sdk/iothub/registry.ts";
import { parseRegisteredDevice, type RegisteredDevice } from "./registered-device.ts";

export interface RegistryClientOptions {
  /** Which hub, and as whom. */
  readonly signIn: ServiceSignIn;
  /** Extra CA certificates to trust (PEM). */
  readonly ca?: string;
  /** Bounds each request, in milliseconds; finding the reason of a timeout may take half a second more. */
  readonly requestTimeoutMs: number;
  /** Gives up what is asked for; the reason is thrown. */
  readonly signal?: AbortSignal;
}

/** Devices that one listing brings at most. */
export const MAX_LISTED_DEVICES = 1000;

/** For a host name that carries none. */
const PORT = 443;

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
    this.#endpoint = endpointOf(options.signIn.hostName, PORT);
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
    if (!Array.isArray(listed)) throw this.#strange();
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
    if (typeof count !== "number") throw this.#strange();
    return count;
  }

  /** Ends sockets at once. */
  close(): void {
    this.#registry.destroy();
  }

  async #ask<T>(request: () => Promise<T>): Promise<T> {
    const { signal, requestTimeoutMs } = this.#options;
    signal?.throwIfAborted();
    const deadlineMs = performance.now() + requestTimeoutMs;
    const givenUp = abortion(signal);
    try {
      await this.#findToken(givenUp.promise);
      const leftMs = Math.max(0, deadlineMs - performance.now());
      return await within(leftMs, Promise.race([request(), givenUp.promise]));
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw await this.#explain(error, deadlineMs);
    } finally {
      givenUp.stop();
    }
  }

  /** The SDK's own question for a token has no end, and its failure no name. */
  async #findToken(givenUp: Promise<never>): Promise<void> {
    const { signIn, requestTimeoutMs } = this.#options;
    if (signIn.type === "hub") return;
    const search = new AbortController();
    try {
      await within(
        requestTimeoutMs,
        Promise.race([requireEntraToken(signIn, search.signal), givenUp]),
      );
    } catch (cause) {
      throw cause instanceof DeadlinePassedError ? noTokenInTime(requestTimeoutMs, cause) : cause;
    } finally {
      search.abort();
    }
  }

  async #explain(error: unknown, deadlineMs: number): Promise<ClientError> {
    if (error instanceof ClientError) return error;
    const refusal = refusalToOwner(error);
    if (refusal) return this.#withHintOfRole(refusal);
    if (error instanceof StrangeAnswerError) return this.#strange(error);
    const known =
      toNetworkError(error, this.#endpoint) ?? (await probe(this.#endpoint, this.#ca, deadlineMs));
    if (known) return known;
    const where = formatEndpoint(this.#endpoint);
    if (error instanceof DeadlinePassedError) {
      return new ClientError(
        "ConnectTimeout",
        `${where} takes connections but did not answer within ${this.#options.requestTimeoutMs} ms.`,
        { cause: error, hint: "Check that it is an IoT hub, or raise --connect-timeout." },
      );
    }
    return new ClientError("ConnectionLost", `The connection to ${where} ended.`, {
      cause: error,
    });
  }

  /** A principal has no key that could be wrong. */
  #withHintOfRole(error: ClientError): ClientError {
    if (this.#options.signIn.type === "hub" || error.name !== "IotHubUnauthorized") return error;
    return new ClientError(error.name, error.message, { cause: error.cause, hint: ROLE_HINT });
  }

  #toDevice(json: unknown): RegisteredDevice {
    const device = parseRegisteredDevice(json);
    if (device === undefined) throw this.#strange();
    return device;
  }

  #strange(cause?: Error): ClientError {
    return new ClientError(
      "ServerError",
      `What ${formatEndpoint(this.#endpoint)} answered is not an IoT hub's.`,
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

/** Rejects when `signal` aborts. */
function abortion(signal: AbortSignal | undefined): {
  readonly promise: Promise<never>;
  stop(): void;
} {
  let onAbort = (): void => {};
  const promise = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal?.reason as Error);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
  promise.catch(() => {});
  return { promise, stop: () => signal?.removeEventListener("abort", onAbort) };
}
