/** Server-sent events: a snapshot to each page that opens, and then to all of them what changes. */

import type { ServerResponse } from "node:http";
import { type PageReply, refusal } from "./page-reply.ts";
import type { PageOptions } from "./page-services.ts";
import { PageWatch } from "./watch/page-watch.ts";

export const MAX_STREAMS = 32;

/** Of what a page has not read yet; beyond, it has to begin again with a snapshot. */
const MAX_UNREAD_BYTES = 1024 * 1024;

const UPDATE_MS = 100;

/** A page that is loaded again finds the watch as it was. */
const LINGER_MS = 5000;

interface Stream {
  readonly response: ServerResponse;
  maxUnread: number;
}

export class EventStreams {
  readonly #options: PageOptions;
  readonly #open = new Set<ServerResponse>();
  /** Those that have their snapshot. */
  readonly #streams = new Set<Stream>();
  #watching: Promise<PageWatch> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #linger: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PageOptions) {
    this.#options = options;
    const { registry } = options.services;
    registry.onKept((deviceId) => this.#tell((watch) => watch.keepDevice(deviceId)));
    registry.onDeleted((deviceId) => this.#tell((watch) => watch.deleteDevice(deviceId)));
  }

  /** @returns A refusal, if there are too many already. */
  open(response: ServerResponse): PageReply | undefined {
    if (this.#open.size >= MAX_STREAMS) {
      const reason = `${MAX_STREAMS} pages are open already. Close one of them.`;
      return refusal(503, "TooManyPages", reason);
    }
    this.#open.add(response);
    clearTimeout(this.#linger);
    response.once("close", () => this.#forget(response));
    response.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8" });
    response.flushHeaders();
    if (this.#watching === undefined) this.#startWatch();
    this.#tell((watch) => this.#begin(response, watch));
    return undefined;
  }

  close(): void {
    for (const response of this.#open) response.destroy();
    clearTimeout(this.#linger);
    this.#stopWatch();
  }

  /** It may still be starting. */
  #tell(what: (watch: PageWatch) => void): void {
    this.#watching?.then(what).catch((error: Error) => process.emitWarning(error));
  }

  #startWatch(): void {
    this.#watching = PageWatch.start(this.#options, (changes) =>
      this.#broadcast(formatEvent("changes", changes)),
    );
    this.#timer = setInterval(() => this.#tell((watch) => watch.update()), UPDATE_MS);
  }

  #stopWatch(): void {
    clearInterval(this.#timer);
    this.#tell((watch) => watch.stop());
    this.#watching = undefined;
  }

  #begin(response: ServerResponse, watch: PageWatch): void {
    if (!this.#open.has(response)) return;
    watch.update();
    const snapshot = formatEvent("snapshot", watch.snapshot());
    const stream: Stream = { response, maxUnread: snapshot.length + MAX_UNREAD_BYTES };
    this.#streams.add(stream);
    response.once("close", () => this.#streams.delete(stream));
    response.on("drain", () => {
      stream.maxUnread = MAX_UNREAD_BYTES;
    });
    response.write(snapshot);
  }

  /** Formatted once for all. */
  #broadcast(event: Buffer): void {
    for (const { response, maxUnread } of this.#streams) {
      if (response.writableLength > maxUnread) response.destroy();
      else response.write(event);
    }
  }

  #forget(response: ServerResponse): void {
    this.#open.delete(response);
    if (this.#open.size > 0) return;
    this.#linger = setTimeout(() => this.#stopWatch(), LINGER_MS).unref();
  }
}

function formatEvent(name: string, data: object): Buffer {
  return Buffer.from(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}
