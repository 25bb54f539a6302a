import { type IncomingMessage, request } from "node:http";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { PAGE_HEADER } from "../../../src/hub/page/page-types.ts";
import { PageWatch } from "../../../src/hub/page/watch/page-watch.ts";
import type { LocalHub } from "../../../src/index.ts";
import { Inbox } from "../../support/inbox.ts";
import type { TestHub } from "../../support/test-hub.ts";

type Headers = Readonly<Record<string, string | undefined>>;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Headers;
  readonly body?: string | object;
}

/** What a browser, or whoever, sends to the page's port, exactly. */
export class Visitor {
  readonly port: number;
  readonly origin: string;
  readonly url: string;
  cookie = "";

  constructor(url = "") {
    const { origin, port } = new URL(url);
    this.url = url;
    this.origin = origin;
    this.port = Number(port);
  }

  /** With a session. */
  static async of({ uiUrl }: Pick<LocalHub, "uiUrl">): Promise<Visitor> {
    const visitor = new Visitor(uiUrl);
    await visitor.signIn();
    return visitor;
  }

  async signIn(): Promise<void> {
    const { headers } = await this.ask(this.url.slice(this.origin.length));
    [this.cookie = ""] = headers["set-cookie"]?.[0]?.split(";") ?? [];
  }

  /** Without anything that a page adds. */
  async ask(path: string, asked: Asked = {}): Promise<Answer> {
    const response = await this.open(path, asked);
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    const { statusCode: status = 0, headers } = response;
    return { status, headers, text: Buffer.concat(chunks).toString() };
  }

  open(path: string, { method = "GET", headers = {}, body }: Asked = {}): Promise<IncomingMessage> {
    const content = typeof body === "object" ? JSON.stringify(body) : body;
    const given = { ...(this.cookie && { cookie: this.cookie }), ...headers };
    return new Promise((resolve, reject) => {
      request({ host: "127.0.0.1", port: this.port, path, method, agent: false })
        .on("error", reject)
        .on("response", resolve)
        .setHeaders(new Map(Object.entries(given).flatMap(([k, v]) => (v ? [[k, v]] : []))))
        .end(content);
    });
  }

  /** As the page does. */
  act(method: string, path: string, body?: object, headers: Headers = {}): Promise<Answer> {
    const own = {
      origin: this.origin,
      [PAGE_HEADER.name]: PAGE_HEADER.value,
      ...(body && { "content-type": "application/json" }),
    };
    return this.ask(`/api/${path}`, {
      method,
      ...(body && { body }),
      headers: { ...own, ...headers },
    });
  }

  /** The stream's events. */
  async follow(): Promise<{ events: Inbox<StreamEvent>; response: IncomingMessage }> {
    const response = await this.open("/api/stream");
    onTestFinished(() => void response.destroy());
    const events = new Inbox<StreamEvent>();
    let name = "";
    const lines = createInterface(response);
    // When the hub stops.
    lines.on("error", () => {});
    lines.on("line", (line) => {
      if (line.startsWith("event: ")) name = line.slice(7);
      if (line.startsWith("data: ")) events.push({ name, data: JSON.parse(line.slice(6)) });
    });
    response.on("error", () => {});
    response.on("close", () => events.end("the stream ended"));
    return { events, response };
  }
}

export interface StreamEvent {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: it is what the page reads.
  readonly data: any;
}

/** What a page sees of a hub without ports; `update` is called by the test. */
export async function watchPage(hub: TestHub) {
  // biome-ignore lint/suspicious/noExplicitAny: it is what the page reads.
  const changes: any[] = [];
  const watch = await PageWatch.start(
    {
      services: hub.services,
      key: "",
      port: 0,
      hostName: "localhost",
      queueDepth: hub.settings.queueDepth,
      isReachedWithLocal: false,
    },
    { onNews: () => {}, onChanges: (change) => changes.push(change) },
  );
  onTestFinished(() => watch.stop());
  return { watch, changes };
}
