/** Server-sent events: a snapshot to each page that opens, and then to all of them what changes. */

import type { ServerResponse } from "node:http";
import { type PageReply, refusal } from "./page-reply.ts";
import type { PageOptions } from "./page-services.ts";
import { PageWatch } from "./watch/page-watch.ts";

export const MAX_STREAMS = 32;

/** Of what a page has not read yet; beyond, it has to begin again with a snapshot. */
const MAX_UNREAD_BYTES = 1024 * 1024;

/** From one update to the next at least. */
const UPDATE_MS = 100;

/** Of an update if nothing else happens: the rates go on. */
const RATE_MS = 1000;

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
  #rateTimer: ReturnType<typeof setInterval> | undefined;
  #nextUpdate: ReturnType<typeof setTimeout> | undefined;
  #lastUpdateMs = Number.NEGATIVE_INFINITY;
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
    this.#watching = PageWatch.start(this.#options, {
      onNews: () => this.#updateSoon(),
      onChanges: (changes) => this.#broadcast(formatEvent("changes", changes)),
    });
    this.#rateTimer = setInterval(() => this.#update(), RATE_MS);
  }

  /** At once, unless the last update was just now. */
  #updateSoon(): void {
    this.#nextUpdate ??= setTimeout(
      () => this.#update(),
      this.#lastUpdateMs + UPDATE_MS - performance.now(),
    );
  }

  #update(): void {
    clearTimeout(this.#nextUpdate);
    this.#nextUpdate = undefined;
    this.#lastUpdateMs = performance.now();
    this.#tell((watch) => watch.update());
  }

  #stopWatch(): void {
    clearInterval(this.#rateTimer);
    clearTimeout(this.#nextUpdate);
    this.#nextUpdate = undefined;
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
