import { Duplex } from "node:stream";

/** Two ends of an in-memory connection, with back-pressure. */
export function createDuplexPair(): [Duplex, Duplex] {
  const [left, right] = [new PairEnd(), new PairEnd()];
  left.join(right);
  right.join(left);
  return [left, right];
}

class PairEnd extends Duplex {
  #peer: PairEnd | undefined;
  #resume: (() => void) | undefined;

  constructor() {
    super({ allowHalfOpen: false });
  }

  join(peer: PairEnd): void {
    this.#peer = peer;
  }

  override _read(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#peer?.receive(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#peer?.receive(null, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const peer = this.#peer;
    // As with a socket: the end follows what was written before it.
    process.nextTick(() => {
      if (peer !== undefined && !peer.destroyed && !peer.readableEnded) peer.push(null);
    });
    done(error);
  }

  /** Never within the writer's call, as with a socket; `done` waits until the reader has room again. */
  receive(chunk: Buffer | null, done: () => void): void {
    process.nextTick(() => {
      if (this.destroyed || this.readableEnded) done();
      else if (this.push(chunk) || chunk === null) done();
      else this.#resume = done;
    });
  }
}
