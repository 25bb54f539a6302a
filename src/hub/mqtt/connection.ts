import type { Duplex } from "node:stream";
import type { IConnectPacket, Packet } from "mqtt-packet";
import { type ClientCertificate, formatAuthMethod, type Principal } from "../../core/access.ts";
import { HubError, toHubError } from "../../core/hub-error.ts";
import { MAX_MQTT_SILENCE_SECONDS, MQTT_KEEP_ALIVE_GRACE } from "../../core/limits.ts";
import type { IncomingConnection } from "../listener/incoming-connection.ts";
import type { DeviceConnection, DeviceConnectionHandle } from "../model/device-connections.ts";
import { ConnectionWatch } from "../runtime/connection-watch.ts";
import type { HubServices } from "../services.ts";
import { CONNACK, type ConnectRequest, connackCodeOf, parseConnect } from "./connect-packet.ts";
import { PacketStream } from "./packet-stream.ts";
import { MqttSession, ProtocolViolation } from "./session.ts";

type MqttServices = Pick<
  HubServices,
  | "access"
  | "clock"
  | "cloudToDevice"
  | "connections"
  | "deviceToCloud"
  | "events"
  | "subscriptions"
>;

/** For a new connection to send CONNECT (rule mqtt-connect-timeout). */
const CONNECT_TIMEOUT_MS = 30_000;

/** MQTT 3.1.1 only (rule mqtt-version). */
export function serveMqtt(
  stream: Duplex,
  services: MqttServices,
  { certificate }: IncomingConnection = {},
): void {
  new MqttConnection(stream, services, certificate).start();
}

class MqttConnection implements DeviceConnection {
  readonly protocol = "mqtt";
  readonly #packets: PacketStream;
  readonly #services: MqttServices;
  readonly #certificate: ClientCertificate | undefined;
  #session: MqttSession | undefined;
  #place: DeviceConnectionHandle | undefined;
  readonly #watch: ConnectionWatch;
  #isClosed = false;

  constructor(stream: Duplex, services: MqttServices, certificate: ClientCertificate | undefined) {
    this.#packets = new PacketStream(stream, services.clock, this);
    this.#services = services;
    this.#certificate = certificate;
    this.#watch = new ConnectionWatch(services.clock, this);
  }

  start(): void {
    this.#packets.start();
    this.#watch.allowSilence(CONNECT_TIMEOUT_MS);
  }

  onPacket(packet: Packet): Promise<void> | undefined {
    if (this.#isClosed) return undefined;
    try {
      return this.#handle(packet)?.catch((error: unknown) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #fail(error: unknown): void {
    this.end(error instanceof ProtocolViolation ? error.message : toHubError(error).message);
  }

  /** A promise only if the next packet has to wait. */
  #handle(packet: Packet): Promise<void> | undefined {
    if (this.#session === undefined) {
      if (packet.cmd !== "connect") throw new ProtocolViolation(`${packet.cmd} before CONNECT`);
      return this.#onConnect(packet);
    }
    this.#watch.hear();
    switch (packet.cmd) {
      case "pingreq":
        this.#packets.send({ cmd: "pingresp" });
        return undefined;
      case "disconnect":
        this.#session.forgetWill();
        this.end("the client disconnected");
        return undefined;
      default:
        return this.#session.handle(packet);
    }
  }

  async #onConnect(packet: IConnectPacket): Promise<void> {
    if (packet.protocolId !== "MQTT" || packet.protocolVersion !== 4) {
      return this.#refuse(CONNACK.unacceptableProtocol, "only MQTT 3.1.1 is supported");
    }
    try {
      const request = parseConnect(packet);
      const principal = this.#authenticate(request);
      const session = this.#openSession(request, principal);
      const isPresent = await session.restore();
      if (this.#isClosed) return;
      this.#packets.send({
        cmd: "connack",
        returnCode: CONNACK.accepted,
        sessionPresent: isPresent,
      });
      this.#watch.allowSilence(silenceAllowedMs(request.keepAliveSeconds));
      this.#watch.expireAt(principal.expiryTimeMs);
      session.open(request.will);
    } catch (error) {
      const refusal = toHubError(error);
      this.#refuse(connackCodeOf(refusal), refusal.message, refusal.name);
    }
  }

  #authenticate({ deviceId, hostName, token }: ConnectRequest): Principal {
    const { access } = this.#services;
    if (!access.answersTo(hostName)) {
      throw new HubError("IotHubUnauthorized", `This hub is not ${hostName}.`);
    }
    const principal = this.#prove(deviceId, token);
    access.authorizeDevice(principal, deviceId);
    return principal;
  }

  #prove(deviceId: string, token: string | undefined): Principal {
    const { access } = this.#services;
    if (token !== undefined) return access.authenticate(token, deviceId);
    if (this.#certificate) return access.authenticateCertificate(this.#certificate, deviceId);
    throw new HubError("IotHubUnauthorized", "The device sent neither a token nor a certificate.");
  }

  #openSession({ deviceId, isCleanSession }: ConnectRequest, principal: Principal): MqttSession {
    this.#place = this.#services.connections.claim(deviceId, this);
    this.#session = new MqttSession({
      services: this.#services,
      sender: { deviceId, authMethod: formatAuthMethod(principal) },
      isClean: isCleanSession,
      packets: this.#packets,
      connection: this,
    });
    return this.#session;
  }

  #refuse(returnCode: number, reason: string, name = "ServiceUnavailable"): void {
    this.#services.events.emit({ type: "connectionRefused", protocol: "mqtt", name, reason });
    this.#packets.send({ cmd: "connack", returnCode, sessionPresent: false });
    this.end(reason);
  }

  onSilent(): void {
    this.end("the client has been silent for longer than its keep-alive allows");
  }

  onExpired(): void {
    this.end("the shared access signature has expired");
  }

  close({ message }: HubError): void {
    this.end(message);
  }

  end(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#watch.stop();
    this.#session?.end();
    this.#place?.release(reason);
    this.#packets.close();
  }
}

/** Rule mqtt-keep-alive. */
function silenceAllowedMs(keepAliveSeconds: number): number {
  const wanted = keepAliveSeconds * MQTT_KEEP_ALIVE_GRACE;
  const allowed =
    wanted === 0 ? MAX_MQTT_SILENCE_SECONDS : Math.min(wanted, MAX_MQTT_SILENCE_SECONDS);
  return allowed * 1000;
}
