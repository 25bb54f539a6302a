import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import { toHubError } from "../../core/hub-error.ts";
import type { IncomingConnection } from "../listener/incoming-connection.ts";
import type { HubServices } from "../services.ts";
import { toAmqpError, toEventHubError } from "./amqp-errors.ts";
import { AttachedLinks } from "./attached-links.ts";
import { Claims } from "./claims.ts";
import { FrameStream } from "./frame-stream.ts";
import { DeviceLinks } from "./nodes/device-links.ts";
import type { NodeServices } from "./nodes/node-context.ts";
import { remoteHostName } from "./rhea/accepted-connection.ts";
import { Settler } from "./rhea/settler.ts";

type AmqpServices = NodeServices & Pick<HubServices, "access" | "connections" | "events">;

/** To sign in and open (rule amqp-open-timeout). */
const OPEN_TIMEOUT_MS = 30_000;

const AMQPS_PORT = 5671;

export function serveAmqp(
  stream: Duplex,
  services: AmqpServices,
  from: IncomingConnection = {},
): void {
  new AmqpConnection(stream, services, from).start();
}

class AmqpConnection {
  readonly #services: AmqpServices;
  readonly #frames: FrameStream;
  readonly #claims: Claims;
  readonly #links: AttachedLinks;
  #cancelOpenTimer = () => {};
  #isEnded = false;

  constructor(
    stream: Duplex,
    services: AmqpServices,
    { port = AMQPS_PORT, certificate }: IncomingConnection,
  ) {
    const { clock, connections } = services;
    this.#services = services;
    this.#frames = new FrameStream(stream, (userName, password) =>
      this.#signIn(userName, password),
    );
    this.#claims = new Claims({ ...services, certificate, onExpiry: () => this.#links.check() });
    this.#links = new AttachedLinks({
      ...services,
      claims: this.#claims,
      deviceLinks: new DeviceLinks(connections),
      sendBuffer: this.#frames.sendBuffer,
      settler: new Settler(),
      hubAddress: () => ({ hostName: this.#hostName(), port }),
      toError: (error) => toAmqpError(error, createTrackingId(), clock.nowMs()),
      toEventHubError: (error) => toEventHubError(error, createTrackingId(), clock.nowMs()),
      reportRefused: (error) => this.#reportRefused(error),
    });
  }

  start(): void {
    const { connection } = this.#frames;
    this.#links.follow(connection);
    connection.on("connection_open", () => this.#cancelOpenTimer());
    this.#cancelOpenTimer = this.#services.clock.setTimer(OPEN_TIMEOUT_MS, () => this.#end());
    this.#frames.start(() => this.#end());
  }

  #signIn(userName: string, password: string): boolean {
    try {
      this.#claims.addPlain(userName, password);
      return true;
    } catch (error) {
      this.#reportRefused(error);
      return false;
    }
  }

  /** The host name in the peer's OPEN, if it is one of the hub's. */
  #hostName(): string {
    const hostName = remoteHostName(this.#frames.connection);
    return this.#services.access.answersTo(hostName) ? hostName : this.#services.hubName;
  }

  #reportRefused(error: unknown): void {
    const { name, message: reason } = toHubError(error);
    if (name !== "IotHubUnauthorized") return;
    this.#services.events.emit({ type: "connectionRefused", protocol: "amqp", name, reason });
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#cancelOpenTimer();
    this.#claims.close();
    this.#links.endAll();
    this.#frames.end();
  }
}

function createTrackingId(): string {
  return randomUUID().replaceAll("-", "");
}
