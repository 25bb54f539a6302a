import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { createDeferred } from "../../../async/deferred.ts";

/** Passes on what a command prints, as fast as it is taken. */
export class ForwardedOutput {
  readonly #stream: Readable;
  readonly #ended = createDeferred<void>();
  #taking: Promise<void> = Promise.resolve();
  #isCut = false;

  /** @param take Nothing is read until it resolves. */
  constructor(stream: Readable, take: (chunk: Buffer) => Promise<void>) {
    this.#stream = stream;
    stream.on("data", (chunk: Buffer) => {
      if (this.#isCut) return;
      stream.pause();
      this.#taking = take(chunk).then(() => void stream.resume());
      this.#taking.catch(this.#ended.reject);
    });
    stream.on("end", this.#ended.resolve);
    stream.on("error", this.#ended.reject);
  }

  /** Rejects when something could not be taken. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Once what has been read is taken; rejects as `ended` does. */
  get taken(): Promise<void> {
    return this.#taking;
  }

  /**
   * Discards the rest, without waiting for it. The stream stays open: who has inherited it might
   * not survive its end.
   */
  cut(): void {
    this.#isCut = true;
    this.#stream.resume();
    (this.#stream as Socket).unref();
  }
}
