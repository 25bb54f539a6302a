import type { Duplex } from "node:stream";
import type { Protocol } from "../model/events.ts";

/** An observer looks inside the hub, and is no client of it; unknown before the first byte. */
type Use = Protocol | "observer" | "unknown";

/** Updated with each connection, so that nothing has to count them all. */
export class OpenConnections {
  readonly #uses = new Map<Duplex, Use>();
  readonly #counts = { mqtt: 0, amqp: 0, https: 0, observer: 0, unknown: 0 };
  #onClients: (count: number) => void = () => {};

  /** Calls the listener with the number of clients whenever it may have changed. */
  watch(onClients: (count: number) => void): void {
    this.#onClients = onClients;
  }

  add(socket: Duplex): void {
    this.#uses.set(socket, "unknown");
    this.#counts.unknown += 1;
    this.#onClients(this.clients);
  }

  /** Without effect once the connection is closed. */
  use(socket: Duplex, use: Protocol | "observer"): void {
    const previous = this.#uses.get(socket);
    if (previous === undefined || previous === use) return;
    this.#uses.set(socket, use);
    this.#counts[previous] -= 1;
    this.#counts[use] += 1;
    if (use === "observer" || previous === "observer") this.#onClients(this.clients);
  }

  delete(socket: Duplex): void {
    const use = this.#uses.get(socket);
    if (use === undefined) return;
    this.#uses.delete(socket);
    this.#counts[use] -= 1;
    this.#onClients(this.clients);
  }

  get clients(): number {
    return this.#uses.size - this.#counts.observer;
  }

  get byProtocol(): Readonly<Record<Protocol, number>> {
    const { mqtt, amqp, https } = this.#counts;
    return { mqtt, amqp, https };
  }

  get sockets(): Duplex[] {
    return [...this.#uses.keys()];
  }
}
