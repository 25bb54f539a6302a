/** Where a hub's device-to-cloud events are read, and the answer in which the hub says so. */

/** The Event Hubs-compatible endpoint of a hub. */
export interface EventHubAddress {
  readonly host: string;
  /** Absent when it is the transport's own. */
  readonly port?: number | undefined;
  /** Name of the event hub. */
  readonly entityPath: string;
}

/** Where a receiver is attached to be redirected. */
export const REDIRECTING_PATH = "/messages/events/$management";

const REDIRECT = "amqp:link:redirect";

const AMQPS_PORT = 5671;

/** `amqps://<host>:5671/<event hub>/$management` */
const ADDRESS = /^amqps?:\/\/[^/]+\/(.+?)(?:\/\$management)?\/?$/i;

/** What rhea makes of the error of a detach. */
interface Redirect {
  readonly condition?: unknown;
  readonly info?: Readonly<Record<string, unknown>>;
}

/** The address when `answer` is a redirect that names one; else undefined. */
export function parseRedirect(answer: unknown): EventHubAddress | undefined {
  const { condition, info } = (answer ?? {}) as Redirect;
  if (condition !== REDIRECT || typeof info?.hostname !== "string") return undefined;
  const [, entityPath] = ADDRESS.exec(String(info.address)) ?? [];
  if (entityPath === undefined) return undefined;
  const port = Number(info.port ?? AMQPS_PORT);
  return { host: info.hostname, port: port === AMQPS_PORT ? undefined : port, entityPath };
}
