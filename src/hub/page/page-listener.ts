/** The page's own port: plain HTTP, on this machine alone whatever the hub listens on. */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { listenOn } from "../listener/listen.ts";
import { PortUnavailable } from "../listener/port-unavailable.ts";
import type { PageServer } from "./page-server.ts";
import type { PageOptions } from "./page-services.ts";

interface PageListenerOptions extends Omit<PageOptions, "port"> {
  /** The first that is free; 0 for any free one. */
  readonly ports: readonly number[];
}

export interface PageListener {
  readonly port: number;
  /** Without the key. */
  readonly address: string;
  /** With the key. */
  readonly url: string;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";

/** A request that takes longer is nobody's who looks at the page. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;

/** @throws PortUnavailable if none is free. */
export async function openPageListener(options: PageListenerOptions): Promise<PageListener> {
  const server = createServer({
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
  });
  await listenOnFirst(server, options.ports);
  const { port } = server.address() as AddressInfo;
  // Loaded with the first request: most hubs are never looked at.
  let loading: Promise<PageServer> | undefined;
  server.on("request", (request, response) => {
    loading ??= load({ ...options, port });
    loading
      .then((page) => page.handle(request, response))
      .catch((error: Error) => {
        process.emitWarning(error);
        response.destroy();
      });
  });
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    void loading?.then((page) => page.close());
    server.closeAllConnections();
    await closed;
  };
  const address = `http://${HOST}:${port}/`;
  return { port, address, url: `${address}?key=${options.key}`, close };
}

async function load(options: PageOptions): Promise<PageServer> {
  const { PageServer } = await import("./page-server.ts");
  return new PageServer(options);
}

async function listenOnFirst(server: Server, ports: readonly number[]): Promise<void> {
  const [port = 0, ...others] = ports;
  try {
    await listenOn(server, port, HOST);
  } catch (error) {
    if (!(error instanceof PortUnavailable) || others.length === 0) throw error;
    await listenOnFirst(server, others);
  }
}
