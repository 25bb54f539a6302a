/** The address of a hub's device-to-cloud events, and the redirect that contains it. */

/** The Event Hubs-compatible endpoint of a hub. */
export interface EventHubAddress {
  readonly host: string;
  /** Absent for the default port of the transport. */
  readonly port?: number | undefined;
  /** Name of the event hub. */
  readonly entityPath: string;
}

/** The address of a receiver that the hub redirects. */
export const REDIRECTING_PATH = "/messages/events/$management";

const REDIRECT = "amqp:link:redirect";

const AMQPS_PORT = 5671;

/** `amqps://<host>:5671/<event hub>/$management` */
const ADDRESS = /^amqps?:\/\/[^/]+\/(.+?)(?:\/\$management)?\/?$/i;

/** The error of a detach, as rhea decodes it. */
interface Redirect {
  readonly condition?: unknown;
  readonly info?: Readonly<Record<string, unknown>>;
}

/** The address if `answer` is a redirect with one; else undefined. */
export function parseRedirect(answer: unknown): EventHubAddress | undefined {
  const { condition, info } = (answer ?? {}) as Redirect;
  if (condition !== REDIRECT || typeof info?.hostname !== "string") return undefined;
  const [, entityPath] = ADDRESS.exec(String(info.address)) ?? [];
  if (entityPath === undefined) return undefined;
  const port = Number(info.port ?? AMQPS_PORT);
  return { host: info.hostname, port: port === AMQPS_PORT ? undefined : port, entityPath };
}
