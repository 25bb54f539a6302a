import https from "node:https";
import type { Duplex } from "node:stream";
import type { Address, Endpoint, HttpProxy } from "../endpoint.ts";
import { openTunnel } from "./tunnel.ts";

/** Connects through the endpoint's proxy, if it has one. */
export function createAgent(
  { proxy, ...address }: Endpoint,
  options: TunnelAgentOptions,
): https.Agent {
  return proxy ? new TunnelAgent(proxy, address, options) : new https.Agent(options);
}

/** For WebSockets; undefined if the endpoint has no proxy. */
export function createTunnelAgent(
  { proxy, ...address }: Endpoint,
  options: TunnelAgentOptions,
): https.Agent | undefined {
  return proxy && new TunnelAgent(proxy, address, options);
}

interface TunnelAgentOptions extends https.AgentOptions {
  /** Everything to trust (PEM). */
  readonly ca?: string[];
}

/** Bounds requests of an open connection; callers bound the others. */
const TUNNEL_TIMEOUT_MS = 30_000;

class TunnelAgent extends https.Agent {
  readonly #proxy: HttpProxy;
  readonly #target: Address;
  readonly #ca: string[] | undefined;
  readonly #end = new AbortController();

  constructor(proxy: HttpProxy, target: Address, options: TunnelAgentOptions) {
    super(options);
    this.#proxy = proxy;
    this.#target = target;
    this.#ca = options.ca;
  }

  override createConnection(
    options: https.RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const done = callback as ((error: Error | null, stream?: Duplex | null) => void) | undefined;
    this.#open()
      .then((socket) => {
        const overTunnel = { ...options, socket };
        return super.createConnection(overTunnel);
      })
      .then(
        (stream) => done?.(null, stream),
        (error: Error) => done?.(error),
      );
  }

  /** A tunnel that is being opened would keep the process alive. */
  override destroy(): void {
    this.#end.abort();
    super.destroy();
  }

  async #open() {
    return await openTunnel(this.#proxy, this.#target, {
      ca: this.#ca,
      timeoutMs: TUNNEL_TIMEOUT_MS,
      signal: this.#end.signal,
    });
  }
}
