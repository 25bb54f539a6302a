/**
 * The SDK's registry client on our HTTP layer, the third constructor argument of `RestApiClient`.
 *
 * The SDK's own uses port 443 whatever the host name says, has no CA option, waits for a response
 * forever, and fills in fields that the hub did not send: a device without them looks enabled and
 * disconnected. So the hub's own response is kept.
 */

import type { IncomingMessage } from "node:http";
import { SharedAccessSignature } from "azure-iothub/dist/common-core/shared_access_signature.js";
import { RestApiClient } from "azure-iothub/dist/common-http/rest_api_client.js";
import { Registry } from "azure-iothub/dist/registry.js";
import { internals, method, object } from "../../../dependencies/internals.ts";
import { IOT_HUB_SCOPE, type ServiceSignIn } from "../../connection/service-sign-in.ts";
import type { Endpoint } from "../../endpoint.ts";
import { createAgent } from "../../proxy/tunnel-agent.ts";
import { HttpDeviceBase } from "../device/http-device-base.ts";
import { toHttpError } from "../device/http-refusal-error.ts";
import { purge, replace } from "./registry-calls.ts";

export class UnexpectedResponseError extends Error {
  override readonly name = "UnexpectedResponseError";
}

/** Reject with HttpRefusalError, UnexpectedResponseError or the socket's error. */
export interface SdkRegistry {
  create(device: Registry.DeviceDescription): Promise<unknown>;
  get(deviceId: string): Promise<unknown>;
  /** Unless the device has another ETag by now. */
  replace(deviceId: string, description: object, etag: string): Promise<unknown>;
  list(): Promise<unknown>;
  delete(deviceId: string): Promise<void>;
  purge(deviceId: string): Promise<unknown>;
  destroy(): void;
}

export interface SdkRegistryOptions {
  readonly signIn: ServiceSignIn;
  readonly endpoint: Endpoint;
  readonly ca: string[] | undefined;
  /** Longest silence of the hub. */
  readonly answerTimeoutMs: number;
}

const REST_CLIENT = internals(["azure-iothub"], "RestApiClient", {
  _http: object(),
  executeApiCall: method<RestApiClient["executeApiCall"]>(),
});

const REGISTRY = internals(["azure-iothub"], "Registry", { _restApiClient: object() });

const ANSWER = internals(["azure-iothub"], "response of Registry", {
  httpResponse: object<IncomingMessage>(),
});

const USER_AGENT = "c2d-tools";

/** @throws IncompatiblePackage */
export function createSdkRegistry(options: SdkRegistryOptions): SdkRegistry {
  const { ca, endpoint, answerTimeoutMs } = options;
  const agent = createAgent(endpoint, { keepAlive: true, ...(ca !== undefined && { ca }) });
  const layer = new RegistryHttpLayer({
    endpoint,
    agent,
    answerTimeoutMs,
    onEmptyAnswer: () => {},
  });
  const config = toConfig(options.signIn);
  const rest = new RestApiClient(config, USER_AGENT, layer as unknown as HttpBase);
  const registry = new Registry(config as Registry.TransportConfig, rest);
  if (REST_CLIENT.of(rest)._http !== layer)
    throw REST_CLIENT.fault("._http", "is not the instance that was passed in");
  if (REGISTRY.of(registry)._restApiClient !== rest) {
    throw REGISTRY.fault("._restApiClient", "is not the instance that was passed in");
  }
  const asked = async (answer: Promise<object>): Promise<unknown> => {
    const { httpResponse } = ANSWER.of(await rethrowRefusal(answer));
    return layer.jsonOf(httpResponse);
  };
  return {
    create: (device) => asked(registry.create(device)),
    get: (deviceId) => asked(registry.get(deviceId)),
    replace: (deviceId, description, etag) => asked(replace(rest, deviceId, description, etag)),
    list: () => asked(registry.list()),
    async delete(deviceId) {
      await rethrowRefusal(registry.delete(deviceId));
    },
    purge: (deviceId) => asked(purge(rest, deviceId)),
    destroy: () => agent.destroy(),
  };
}

type HttpBase = ConstructorParameters<typeof RestApiClient>[2];

type Done = Parameters<HttpDeviceBase["buildRequest"]>[5];

class RegistryHttpLayer {
  readonly #base: HttpDeviceBase;
  readonly #bodies = new WeakMap<IncomingMessage, Buffer>();

  constructor(options: ConstructorParameters<typeof HttpDeviceBase>[0]) {
    this.#base = new HttpDeviceBase(options);
  }

  buildRequest(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    host: string,
    done: Done,
  ): { end(): void } {
    return this.#base.buildRequest(
      method,
      path,
      headers,
      host,
      undefined,
      (error, body, response) => {
        if (body && response) this.#bodies.set(response, body);
        try {
          done(error, body, response);
        } catch (cause) {
          // The SDK throws on a device without id, outside any call of ours.
          done(new UnexpectedResponseError("The response is not a device.", { cause }));
        }
      },
    );
  }

  /** Otherwise the SDK would use an agent of its own. */
  setOptions(): void {}

  jsonOf(response: IncomingMessage): unknown {
    try {
      return JSON.parse(this.#bodies.get(response)?.toString("utf8") ?? "");
    } catch {
      return undefined;
    }
  }
}

/** The SDK signs a token for each request; it is valid for an hour. */
function toConfig(signIn: ServiceSignIn): RestApiClient.TransportConfig {
  const { hostName: host } = signIn;
  if (signIn.type === "entra") {
    return { host, tokenCredential: signIn.credential, tokenScope: IOT_HUB_SCOPE };
  }
  const { sharedAccessKeyName, sharedAccessKey } = signIn;
  return {
    host,
    sharedAccessSignature: SharedAccessSignature.create(
      host,
      sharedAccessKeyName,
      sharedAccessKey.reveal(),
      Date.now(),
    ),
  };
}

async function rethrowRefusal<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    if (cause instanceof SyntaxError) {
      throw new UnexpectedResponseError("The response is not JSON.", { cause });
    }
    throw toHttpError(cause as Error);
  }
}
