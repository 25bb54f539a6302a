import type { Message as SdkMessage } from "azure-iot-common";
import { Http } from "azure-iot-device-http/dist/http.js";
import type { Message } from "../../../core/message.ts";
import type { Settlement } from "../../../core/message-queue.ts";
import { internals, method, object } from "../../../dependencies/internals.ts";
import type { ClientCertificate } from "../../connection/device-connection.ts";
import type { Endpoint } from "../../endpoint.ts";
import { createAgent } from "../../proxy/tunnel-agent.ts";
import { createSdkClient } from "./device-client.ts";
import { type HttpAnswer, HttpDeviceBase } from "./http-device-base.ts";
import { toHttpEvent } from "./http-event.ts";
import { toHttpError } from "./http-refusal-error.ts";

export interface HttpArrival {
  readonly answer: HttpAnswer;
  readonly sdkMessage: SdkMessage;
}

export interface HttpDeviceClient {
  /** HTTP has no connection to open. */
  open(): Promise<void>;
  /** One call at a time. Throws HttpRefusalError, or the socket's error. */
  receive(): Promise<HttpArrival | undefined>;
  /** Throws as `receive` does. */
  settle(arrival: HttpArrival, settlement: Settlement): Promise<void>;
  /** Throws as `receive` does. */
  sendEvent(message: Message): Promise<void>;
  close(): Promise<void>;
  destroy(): void;
}

export interface HttpDeviceClientOptions {
  readonly connectionString: string;
  readonly endpoint: Endpoint;
  readonly ca: string[] | undefined;
  readonly certificate: ClientCertificate | undefined;
  readonly answerTimeoutMs: number;
  /** Default: the hub's own. */
  readonly lockTimeoutSeconds: number | undefined;
}

/** Receiving, settling and sending run in parallel. */
const MAX_SOCKETS = 4;

const settle = method<Http["complete"]>();

const TRANSPORT = internals(["azure-iot-device-http"], "Http (transport)", {
  _http: object(),
  // Not part of the package's documented API.
  receive: method<Http["receive"]>(),
  complete: settle,
  reject: settle,
  abandon: settle,
});

/** @throws IncompatiblePackage */
export function createHttpDeviceClient(options: HttpDeviceClientOptions): HttpDeviceClient {
  const { certificate, ca, endpoint, answerTimeoutMs, lockTimeoutSeconds } = options;
  const agent = createAgent(endpoint, {
    keepAlive: true,
    maxSockets: MAX_SOCKETS,
    ...(ca !== undefined && { ca }),
  });
  let onEmptyAnswer = (): void => {};
  const base = new HttpDeviceBase({
    endpoint,
    agent,
    answerTimeoutMs,
    lockTimeoutSeconds,
    onEmptyAnswer: () => onEmptyAnswer(),
  });
  const { client, transport, retire } = createSdkClient(
    options.connectionString,
    (authentication) => new Http(authentication, base),
  );
  if (TRANSPORT.of(transport)._http !== base)
    throw TRANSPORT.fault("._http", "is not the instance that was passed in");
  return {
    async open() {
      // Called directly: the SDK's own polling overlaps requests and never reports an end.
      const receivePolicy = { manualPolling: true, drain: false };
      await client.setOptions({ ...certificate, http: { receivePolicy } });
      await client.open();
    },
    async receive() {
      const onError = (error: Error): void => fail(toHttpError(error));
      let onMessage = (_message: SdkMessage): void => {};
      let fail = (_error: Error): void => {};
      const received = new Promise<SdkMessage | undefined>((resolve, reject) => {
        onMessage = resolve;
        onEmptyAnswer = () => resolve(undefined);
        fail = reject;
      });
      transport.on("message", onMessage).on("error", onError);
      transport.receive();
      try {
        const sdkMessage = await received;
        return sdkMessage && { answer: sdkMessage.transportObj as HttpAnswer, sdkMessage };
      } finally {
        transport.off("message", onMessage).off("error", onError);
      }
    },
    settle: ({ sdkMessage }, settlement) =>
      new Promise((resolve, reject) => {
        transport[settlement](sdkMessage, (error) =>
          error ? reject(toHttpError(error)) : resolve(),
        );
      }),
    async sendEvent(message) {
      try {
        await client.sendEvent(toHttpEvent(message));
      } catch (error) {
        throw toHttpError(error as Error);
      }
    },
    async close() {
      await client.close();
    },
    destroy() {
      retire();
      base.destroy();
      agent.destroy();
      client.close(() => {});
    },
  };
}
