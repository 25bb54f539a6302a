/**
 * All that a hub sees of clients that do not trust its certificate authority. Not failed: a
 * connection closed before its first byte, as by port scanners, or after the handshake, as by our
 * own probes (and by Node clients limited to TLS 1.2, which are therefore not detected).
 */

import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Clock } from "../../async/clock.ts";
import type { HandshakeFailure, HubEventStream } from "../model/events.ts";

/** In this time, repeated failures from one address are only counted. */
const QUIET_MS = 30_000;

/** Address and failure pairs; above it the oldest is dropped. */
const MAX_KINDS = 100;

interface Kind {
  quietUntilMs: number;
  /** Failures since the last event. */
  uncounted: number;
}

export class HandshakeLog {
  readonly #events: HubEventStream;
  readonly #clock: Clock;
  readonly #kinds = new Map<string, Kind>();
  #refused = 0;

  constructor(events: HubEventStream, clock: Clock) {
    this.#events = events;
    this.#clock = clock;
  }

  get refused(): number {
    return this.#refused;
  }

  /** Emits an event unless the last one of its kind is less than 30 s old. */
  add(remoteAddress: string, { cause, reason, hint }: FailedHandshake): void {
    this.#refused += 1;
    const nowMs = this.#clock.nowMs();
    const key = `${remoteAddress} ${cause}`;
    const kind = this.#kinds.get(key) ?? { quietUntilMs: nowMs, uncounted: 0 };
    kind.uncounted += 1;
    this.#keep(key, kind);
    if (nowMs < kind.quietUntilMs) return;
    const count = kind.uncounted;
    Object.assign(kind, { quietUntilMs: nowMs + QUIET_MS, uncounted: 0 });
    this.#events.emit({ type: "handshakeFailed", remoteAddress, cause, reason, hint, count });
  }

  #keep(key: string, kind: Kind): void {
    this.#kinds.set(key, kind);
    const [oldest = ""] = this.#kinds.keys();
    if (this.#kinds.size > MAX_KINDS) this.#kinds.delete(oldest);
  }
}

interface FailedHandshake {
  readonly cause: HandshakeFailure;
  readonly reason: string;
  readonly hint: string;
}

const TRUST_HINT =
  "Give the client the hub's CA certificate: NODE_EXTRA_CA_CERTS for Node, SSL_CERT_FILE for Python and OpenSSL; c2d-hub env prints both.";

const UNTRUSTED: FailedHandshake = {
  cause: "untrusted",
  reason: "The client does not trust the hub's certificate.",
  hint: TRUST_HINT,
};

/** Node clients send no TLS alert. */
const ABORTED: FailedHandshake = {
  cause: "aborted",
  reason:
    "The client closed the connection without a reason, as Node clients do when they do not trust the hub's certificate.",
  hint: TRUST_HINT,
};

const PLAIN_TEXT: FailedHandshake = {
  cause: "plainText",
  reason: "The client did not speak TLS.",
  hint: "Every port of the hub accepts only TLS: mqtts, amqps or https.",
};

const INCOMPATIBLE: FailedHandshake = {
  cause: "incompatible",
  reason: "The client and the hub have no TLS version or cipher in common.",
  hint: "The hub supports TLS 1.2 and 1.3.",
};

const TIMED_OUT: FailedHandshake = {
  cause: "timeout",
  reason: "The client did not finish the handshake in time.",
  hint: "Check that nothing between the client and the hub holds back packets.",
};

const FAILURES: readonly (readonly [code: RegExp, failure: FailedHandshake])[] = [
  [/^ERR_SSL_HTTPS?_(PROXY_)?REQUEST$|WRONG_VERSION_NUMBER|PACKET_LENGTH|RECORD_TYPE/, PLAIN_TEXT],
  [/ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_|UNSUPPORTED_CERTIFICATE)/, UNTRUSTED],
  [/PROTOCOL|VERSION|CIPHER|ALERT_HANDSHAKE_FAILURE|INSUFFICIENT_SECURITY/, INCOMPATIBLE],
  [/^ERR_TLS_HANDSHAKE_TIMEOUT$/, TIMED_OUT],
];

/**
 * @param raw The connection under TLS.
 * @returns Undefined if no byte came, or the client left before the hub had sent its certificate.
 */
export function explainFailure(
  error: NodeJS.ErrnoException,
  raw: Socket,
): FailedHandshake | undefined {
  if (raw.bytesRead === 0) return undefined;
  const { code = "" } = error;
  const [, known] = FAILURES.find(([pattern]) => pattern.test(code)) ?? [];
  if (known !== undefined) return known;
  if (!code.startsWith("ERR_")) return raw.bytesWritten > 0 ? ABORTED : undefined;
  return { cause: "other", reason: `The TLS handshake failed (${code}).`, hint: TRUST_HINT };
}

/** Node's types omit it. */
export function connectionBeneath(socket: TLSSocket): Socket | undefined {
  return (socket as unknown as { readonly _parent?: Socket })._parent;
}
