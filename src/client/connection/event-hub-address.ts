export interface EventHubAddress {
  readonly host: string;
  readonly port?: number | undefined;
  readonly entityPath: string;
}

/** The hub redirects a receiver at this address. */
export const REDIRECTING_PATH = "/messages/events/$management";

const REDIRECT = "amqp:link:redirect";

const AMQPS_PORT = 5671;

/** `amqps://<host>:5671/<event hub>/$management` */
const ADDRESS = /^amqps?:\/\/[^/]+\/(.+?)(?:\/\$management)?\/?$/i;

interface Redirect {
  readonly condition?: unknown;
  readonly info?: Readonly<Record<string, unknown>>;
}

export function parseRedirect(answer: unknown): EventHubAddress | undefined {
  const { condition, info } = (answer ?? {}) as Redirect;
  if (condition !== REDIRECT || typeof info?.hostname !== "string") return undefined;
  const [, entityPath] = ADDRESS.exec(String(info.address)) ?? [];
  if (entityPath === undefined) return undefined;
  const port = Number(info.port ?? AMQPS_PORT);
  return { host: info.hostname, port: port === AMQPS_PORT ? undefined : port, entityPath };
}
