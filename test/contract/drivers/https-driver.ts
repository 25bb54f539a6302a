import { formatSasToken } from "../../../src/core/sas-token.ts";
import type { DeviceAccess, DeviceDriver, DeviceSession, ReceivedMessage } from "../driver.ts";
import { eventually } from "../eventually.ts";
import { callRest, type RestReply, type RestRequest } from "../rest.ts";
import { tokenExpirySeconds } from "../token.ts";
import { presentFields } from "./present-fields.ts";

/** Plain requests, because the SDK's HTTP transport supports only port 443. */
export const httpsDriver: DeviceDriver = {
  name: "https",
  capabilities: {
    canHold: true,
    canAbandon: true,
    canReject: true,
    hasConnection: false,
    isPolling: true,
    keepsNameCase: false,
  },
  async connect(access) {
    const session = new HttpsSession(access);
    if (await session.isShutOut()) throw new Error("The hub refused the device.");
    return session;
  },
};

class HttpsSession implements DeviceSession {
  readonly #access: DeviceAccess;
  readonly #lockTokens = new Map<ReceivedMessage, string>();

  constructor(access: DeviceAccess) {
    this.#access = access;
  }

  async receive(): Promise<ReceivedMessage> {
    return eventually(async () => {
      const reply = await this.#call("GET", "");
      if (reply.status === 204) return undefined;
      requireStatus(reply, 200);
      const message = readReply(reply);
      this.#lockTokens.set(message, (reply.headers.etag ?? "").replaceAll('"', ""));
      return message;
    });
  }

  complete(message: ReceivedMessage): Promise<void> {
    return this.#settle("DELETE", message, "");
  }

  abandon(message: ReceivedMessage): Promise<void> {
    return this.#settle("POST", message, "/abandon");
  }

  reject(message: ReceivedMessage): Promise<void> {
    return this.#settle("DELETE", message, "?reject");
  }

  async shutOut(): Promise<void> {
    if (await this.isShutOut()) return;
    throw new Error("The hub still serves the device.");
  }

  drop(): Promise<void> {
    return Promise.resolve();
  }

  /** Uses an unknown lock token, so nothing is settled. */
  async isShutOut(): Promise<boolean> {
    const { status } = await this.#call("DELETE", "/no-such-lock");
    return status === 401 || status === 403 || status === 404;
  }

  async #settle(
    method: RestRequest["method"],
    message: ReceivedMessage,
    suffix: string,
  ): Promise<void> {
    requireStatus(await this.#call(method, `/${this.#lockTokens.get(message)}${suffix}`), 204);
  }

  #call(method: RestRequest["method"], suffix: string): Promise<RestReply> {
    const { deviceId, endpoint, key } = this.#access;
    const path = `/devices/${encodeURIComponent(deviceId)}`;
    const token = formatSasToken({
      resource: `${endpoint.host}/devices/${deviceId}`,
      key,
      expirySeconds: tokenExpirySeconds(),
    });
    return callRest(endpoint, { method, path: `${path}/messages/devicebound${suffix}`, token });
  }
}

/** The local hub encodes only non-ASCII characters. */
function decode(text: string): string {
  return /%[0189A-F][0-9A-F]/i.test(text) ? decodeURIComponent(text) : text;
}

function requireStatus({ status, body }: RestReply, wanted: number): void {
  if (status !== wanted) throw new Error(`status ${status} instead of ${wanted}: ${body}`);
}

const APPLICATION_PREFIX = "iothub-app-";

function readReply({ headers, body }: RestReply): ReceivedMessage {
  const header = (name: string): string | undefined => {
    const value = headers[name];
    return typeof value === "string" ? decode(value) : undefined;
  };
  const expiry = header("iothub-expiry");
  const names = Object.keys(headers).filter((name) => name.startsWith(APPLICATION_PREFIX));
  const properties = names.map((name) => [
    decodeURIComponent(name.slice(APPLICATION_PREFIX.length)),
    header(name) ?? "",
  ]);
  return {
    ...presentFields({
      messageId: header("iothub-messageid"),
      correlationId: header("iothub-correlationid"),
      userId: header("iothub-userid"),
      contentType: header("contenttype"),
      contentEncoding: header("contentencoding"),
      ack: header("iothub-ack"),
      expiryTimeUtcMs: expiry === undefined ? undefined : Date.parse(expiry),
    }),
    body,
    properties: Object.fromEntries(properties) as Record<string, string>,
    deliveryCount: Number(headers["iothub-deliverycount"]),
  };
}
