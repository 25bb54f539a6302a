/**
 * Replaces the HTTP layer under azure-iot-device-http, as its transport's second argument.
 *
 * The SDK's own uses port 443 whatever the host name says, reads bodies as text (bytes that are not
 * UTF-8 are lost), drops user id, ack, delivery count, sequence number and times, leaves the
 * `iothub-app-` prefix on property names, which Node has lower-cased, does not report an empty
 * response, cannot request a lock timeout, replaces the trust store with its `ca` option, and waits
 * for a response forever.
 */

import type { IncomingMessage, RequestOptions } from "node:http";
import https, { type Agent } from "node:https";
import { Message as SdkMessage } from "azure-iot-common/dist/message.js";
import { formatDuration } from "../../../async/format-duration.ts";
import type { Endpoint } from "../../endpoint.ts";

export interface HttpAnswer {
  readonly status: number;
  /** Names in their original case, each followed by its value. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

type Done = (error: Error | null, body?: Buffer, response?: IncomingMessage) => void;

export interface HttpDeviceBaseOptions {
  readonly endpoint: Endpoint;
  readonly agent: Agent;
  readonly answerTimeoutMs: number;
  /** Default: the hub's own. */
  readonly lockTimeoutSeconds?: number | undefined;
  /** Called after the SDK, which does not report an empty response. */
  onEmptyAnswer(): void;
}

const NO_CONTENT = 204;

const LOCK_TIMEOUT_HEADER = "IotHub-MessageLockTimeout";

export class HttpDeviceBase {
  readonly #options: HttpDeviceBaseOptions;
  #isDestroyed = false;

  constructor(options: HttpDeviceBaseOptions) {
    this.#options = options;
  }

  buildRequest(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    _host: string,
    x509: object | undefined,
    done: Done,
  ): { end(): void } {
    const { endpoint, agent, answerTimeoutMs, lockTimeoutSeconds, onEmptyAnswer } = this.#options;
    const options: RequestOptions = {
      host: endpoint.host,
      port: endpoint.port,
      method,
      path,
      headers: {
        ...headers,
        // The SDK uses GET only for messages.
        ...(method === "GET" &&
          lockTimeoutSeconds !== undefined && {
            [LOCK_TIMEOUT_HEADER]: String(lockTimeoutSeconds),
          }),
      },
      agent,
      ...x509,
    };
    const request = https.request(options, (response) => {
      readBody(response).then(
        (body) => {
          const { statusCode = 0, statusMessage } = response;
          done(statusCode >= 300 ? new Error(statusMessage) : null, body, response);
          if (method === "GET" && statusCode === NO_CONTENT) onEmptyAnswer();
        },
        (error: Error) => done(error),
      );
    });
    request.on("error", (error) => done(error));
    if (this.#isDestroyed) request.destroy(new Error("The connection is closed."));
    request.setTimeout(answerTimeoutMs, () => {
      request.destroy(new Error(`No response within ${formatDuration(answerTimeoutMs)}.`));
    });
    return request;
  }

  /** Keeps the whole response; the SDK itself needs only the lock token. */
  toMessage(response: IncomingMessage, body: Buffer): SdkMessage {
    const message = new SdkMessage(body);
    message.lockToken = (response.headers.etag ?? "").replace(/^"|"$/g, "");
    message.transportObj = toHttpAnswer(response, body);
    return message;
  }

  setOptions(): void {}

  /** Makes every later request fail. */
  destroy(): void {
    this.#isDestroyed = true;
  }
}

export function toHttpAnswer(response: IncomingMessage, body: Buffer): HttpAnswer {
  return { status: response.statusCode ?? 0, rawHeaders: response.rawHeaders, body };
}

async function readBody(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
