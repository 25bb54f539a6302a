/** What the page's listener asks for; loaded with the first request. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { HubError } from "../../core/hub-error.ts";
import { InvalidOptionError } from "../../core/hub-options.ts";
import { findForeignHost, findForeignPage, isReading } from "./access/request-checks.ts";
import { Visitors } from "./access/visitors.ts";
import { answerApi } from "./api/api-routes.ts";
import { EventStreams } from "./event-streams.ts";
import { type PageReply, refusal, sendReply, setHeaders, toErrorReply } from "./page-reply.ts";
import type { PageOptions } from "./page-services.ts";
import { API_PATH } from "./page-types.ts";
import { findStaticFile } from "./static-files.ts";

/** Same-site by then, if another site's link led here: the browser had kept the cookie back. */
const SIGN_IN = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Local hub</title>
<h1>Local hub</h1>
<p>Run <code>c2d-hub ui</code> to open this page.</p>
<p>You have been here before? <a href="/">Try again</a></p>
</html>
`;

const STREAM_PATH = `${API_PATH}stream`;

export class PageServer {
  readonly #options: PageOptions;
  readonly #visitors: Visitors;
  readonly #streams: EventStreams;

  constructor(options: PageOptions) {
    const { key, port, services } = options;
    this.#options = options;
    const { clock, ring } = services;
    this.#visitors = new Visitors({ key, port, clock, startedMs: ring.startedMs });
    this.#streams = new EventStreams(options);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    setHeaders(response);
    try {
      const reply = await this.#answer(request, response);
      if (reply) sendReply(response, reply);
    } catch (error) {
      sendReply(response, toErrorReply(toPageError(error)));
    }
  }

  close(): void {
    this.#streams.close();
  }

  /** Undefined for a stream, which goes on. */
  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<PageReply | undefined> {
    const foreign = findForeignHost(request, this.#options.port);
    if (foreign) return foreign;
    const [path = "/", query] = (request.url ?? "/").split("?", 2);
    const expiryMs = this.#visitors.sessionExpiryMs(request.headers.cookie);
    if (path === "/" && isReading(request) && query !== undefined) {
      return this.#signIn(query, expiryMs !== undefined);
    }
    if (expiryMs === undefined) return this.#askForKey(path);
    if (path === "/" && this.#visitors.isWorthRenewing(expiryMs)) this.#setCookie(response);
    if (!path.startsWith(API_PATH)) {
      if (isReading(request)) return await findStaticFile(path);
      return refusal(405, "MethodNotAllowed", "Files can only be read.");
    }
    const refused = findForeignPage(request);
    if (refused) return refused;
    if (path === STREAM_PATH && request.method === "GET") return this.#streams.open(response);
    return await answerApi(request, path.slice(API_PATH.length).split("/"), this.#options.services);
  }

  /** The address without the key is what stays in the browser's history. */
  #signIn(query: string, hasSession: boolean): PageReply {
    const isAdmitted = this.#visitors.hasKey(new URLSearchParams(query));
    if (!isAdmitted && !hasSession) return this.#askForKey("/");
    const headers = {
      Location: "/",
      ...(isAdmitted && { "Set-Cookie": this.#visitors.createCookie() }),
    };
    return { status: 303, headers };
  }

  #askForKey(path: string): PageReply {
    if (path !== "/") return refusal(401, "Unauthorized", "Run c2d-hub ui to open this page.");
    const headers = { "Content-Type": "text/html; charset=utf-8" };
    return { status: 401, headers, body: Buffer.from(SIGN_IN) };
  }

  #setCookie(response: ServerResponse): void {
    response.setHeader("Set-Cookie", this.#visitors.createCookie());
  }
}

function toPageError(error: unknown): unknown {
  return error instanceof InvalidOptionError
    ? new HubError("ArgumentInvalid", error.message)
    : error;
}
