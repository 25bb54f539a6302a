/** One MQTT connection of a device, from CONNECT to the end. */

import type { Duplex } from "node:stream";
import mqtt, {
  type IConnectPacket,
  type IPublishPacket,
  type ISubscribePacket,
  type IUnsubscribePacket,
  type Packet,
} from "mqtt-packet";
import { type ClientCertificate, formatAuthMethod, type Principal } from "../../core/access.ts";
import { HubError, toHubError } from "../../core/hub-error.ts";
import { MAX_MQTT_SILENCE_SECONDS, MQTT_KEEP_ALIVE_GRACE } from "../../core/limits.ts";
import type { Telemetry } from "../../core/message.ts";
import { parseMqttFilter } from "../../core/resource-path.ts";
import type { IncomingConnection } from "../listener/incoming-connection.ts";
import type { AccessControl } from "../model/access-control.ts";
import type { CloudToDevice } from "../model/cloud-to-device.ts";
import type { DeviceConnectionHandle, DeviceConnections } from "../model/connections.ts";
import type { DeviceToCloud, TelemetrySender } from "../model/device-to-cloud.ts";
import type { HubEventStream } from "../model/events.ts";
import type { SubscriptionStore } from "../model/subscriptions.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Subscriptions } from "../store/records.ts";
import { DeviceInbox } from "./device-inbox.ts";
import { readPublish } from "./incoming-publish.ts";
import { LastWill } from "./last-will.ts";
import { CONNACK, type ConnectRequest, connackCodeOf, parseConnect } from "./translate.ts";

export interface MqttServices {
  readonly access: AccessControl;
  readonly clock: Clock;
  readonly cloudToDevice: CloudToDevice;
  readonly connections: DeviceConnections;
  readonly deviceToCloud: DeviceToCloud;
  readonly events: HubEventStream;
  readonly subscriptions: SubscriptionStore;
}

/** How long a new connection may take to send CONNECT, in milliseconds (rule mqtt-connect-timeout). */
const CONNECT_TIMEOUT_MS = 30_000;

/** Largest packet, in bytes: a full telemetry message with its topic fits (assumed). */
const MAX_PACKET_BYTES = 512 * 1024;

/** Packets that wait for their turn or for the store, in bytes, above which the hub reads no more. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** How long the last bytes may take to leave before the connection is cut, in milliseconds. */
const LAST_BYTES_TIMEOUT_MS = 5000;

/** Serves MQTT 3.1.1 on this stream until either side ends it (rule mqtt-version). */
export function serveMqtt(
  stream: Duplex,
  services: MqttServices,
  { certificate }: IncomingConnection = {},
): void {
  new MqttSession(stream, services, certificate).start();
}

/** Breaks a rule that MQTT 3.1.1 has no error packet for: the hub drops the connection (rule mqtt-violation). */
class ProtocolViolation extends Error {}

class MqttSession {
  readonly #stream: Duplex;
  readonly #services: MqttServices;
  readonly #certificate: ClientCertificate | undefined;
  readonly #will: LastWill;
  #request: ConnectRequest | undefined;
  #connection: DeviceConnectionHandle | undefined;
  #inbox: DeviceInbox | undefined;
  #subscriptions: Subscriptions = {};
  /** As the device's events tell of its sign-in. */
  #authMethod = "";
  #waitingBytes = 0;
  #cancelSilenceTimer = () => {};
  #cancelExpiryTimer = () => {};
  /** Packets are handled one after the other, though handling may wait for the store. */
  #handled: Promise<void> = Promise.resolve();
  #bytesSincePacket = 0;
  #isClosed = false;

  constructor(stream: Duplex, services: MqttServices, certificate: ClientCertificate | undefined) {
    this.#stream = stream;
    this.#services = services;
    this.#certificate = certificate;
    this.#will = new LastWill(services.deviceToCloud);
  }

  start(): void {
    const parser = mqtt.parser({ protocolVersion: 4 });
    parser.on("packet", (packet) => {
      this.#bytesSincePacket = 0;
      const handle = () => this.#handleSafely(packet);
      this.#handled = this.#countWaiting(packet, this.#handled.then(handle));
    });
    parser.on("error", (error) => this.#close(`malformed packet: ${error.message}`));
    this.#stream.on("data", (chunk: Buffer) => {
      this.#bytesSincePacket += chunk.length;
      parser.parse(chunk);
      if (this.#bytesSincePacket > MAX_PACKET_BYTES) this.#close("the packet is too large");
    });
    this.#stream.on("error", (error) => this.#close(error.message));
    this.#stream.on("close", () => this.#close("the client closed the connection"));
    this.#watchSilence(CONNECT_TIMEOUT_MS);
  }

  async #handleSafely(packet: Packet): Promise<void> {
    if (this.#isClosed) return;
    try {
      await this.#handle(packet);
    } catch (error) {
      const reason = error instanceof ProtocolViolation ? error.message : toHubError(error).message;
      this.#close(reason);
    }
  }

  async #handle(packet: Packet): Promise<void> {
    if (this.#request === undefined) {
      if (packet.cmd !== "connect") throw new ProtocolViolation(`${packet.cmd} before CONNECT`);
      return this.#onConnect(packet);
    }
    this.#watchSilence(silenceAllowedMs(this.#request.keepAliveSeconds));
    switch (packet.cmd) {
      case "subscribe":
        return this.#onSubscribe(packet, this.#request);
      case "unsubscribe":
        return this.#onUnsubscribe(packet, this.#request);
      case "puback":
        return this.#inbox?.acknowledge(packet.messageId ?? 0);
      case "publish":
        return this.#onPublish(packet, this.#request);
      case "pingreq":
        return this.#send({ cmd: "pingresp" });
      case "disconnect":
        this.#will.forget();
        return this.#close("the client disconnected");
      default:
        throw new ProtocolViolation(`${packet.cmd} is not allowed here`);
    }
  }

  async #onConnect(packet: IConnectPacket): Promise<void> {
    if (packet.protocolId !== "MQTT" || packet.protocolVersion !== 4) {
      return this.#refuse(CONNACK.unacceptableProtocol, "only MQTT 3.1.1 is served");
    }
    try {
      const request = parseConnect(packet);
      const principal = this.#authenticate(request);
      this.#claimConnection(request);
      const isPresent = await this.#restoreSession(request);
      if (this.#isClosed) return;
      this.#send({ cmd: "connack", returnCode: CONNACK.accepted, sessionPresent: isPresent });
      this.#watchSilence(silenceAllowedMs(request.keepAliveSeconds));
      this.#watchExpiry(principal);
      if (request.will) this.#will.leave(this.#senderOf(request), request.will);
      this.#deliverIfSubscribed(request);
    } catch (error) {
      const refusal = toHubError(error);
      this.#refuse(connackCodeOf(refusal), refusal.message, refusal.name);
    }
  }

  #authenticate({ deviceId, hostName, token }: ConnectRequest): Principal {
    if (!this.#services.access.answersTo(hostName)) {
      throw new HubError("IotHubUnauthorized", `This hub is not ${hostName}.`);
    }
    const principal = this.#prove(deviceId, token);
    this.#services.access.authorizeDevice(principal, deviceId);
    this.#authMethod = formatAuthMethod(principal);
    return principal;
  }

  #prove(deviceId: string, token: string | undefined): Principal {
    const { access } = this.#services;
    if (token !== undefined) return access.authenticate(token, deviceId);
    if (this.#certificate) return access.authenticateCertificate(this.#certificate, deviceId);
    throw new HubError("IotHubUnauthorized", "The device sent neither a token nor a certificate.");
  }

  #claimConnection(request: ConnectRequest): void {
    this.#request = request;
    const { deviceId } = request;
    const { cloudToDevice, connections } = this.#services;
    this.#connection = connections.claim(deviceId, {
      protocol: "mqtt",
      close: (error) => this.#close(error.message),
    });
    this.#inbox = new DeviceInbox({
      deviceId,
      cloudToDevice,
      send: (packet) => this.#send(packet),
      fail: (reason) => this.#close(reason),
    });
  }

  /** @returns whether the hub had kept a session of the device (rule mqtt-session). */
  async #restoreSession({ deviceId, isCleanSession }: ConnectRequest): Promise<boolean> {
    const kept = this.#services.subscriptions.find(deviceId);
    if (isCleanSession) {
      await this.#services.subscriptions.forget(deviceId);
      return false;
    }
    this.#subscriptions = kept ?? {};
    return kept !== undefined;
  }

  async #onSubscribe(packet: ISubscribePacket, request: ConnectRequest): Promise<void> {
    const granted = packet.subscriptions.map(({ topic, qos }) => {
      if (parseMqttFilter(topic, request.deviceId) === undefined) {
        throw new ProtocolViolation(`subscription to ${topic} is not allowed`);
      }
      return [topic, Math.min(qos, 1)] as const;
    });
    await this.#keepSubscriptions(
      { ...this.#subscriptions, ...Object.fromEntries(granted) },
      request,
    );
    this.#send({
      cmd: "suback",
      messageId: packet.messageId ?? 0,
      granted: granted.map(([, qos]) => qos),
    });
    this.#deliverIfSubscribed(request);
  }

  async #onUnsubscribe(packet: IUnsubscribePacket, request: ConnectRequest): Promise<void> {
    const gone = new Set(packet.unsubscriptions);
    const kept = Object.entries(this.#subscriptions).filter(([topic]) => !gone.has(topic));
    await this.#keepSubscriptions(Object.fromEntries(kept), request);
    if (this.#deviceboundQos(request) === undefined) this.#inbox?.close();
    this.#send({ cmd: "unsuback", messageId: packet.messageId ?? 0, granted: [] });
  }

  async #keepSubscriptions(subscriptions: Subscriptions, request: ConnectRequest): Promise<void> {
    this.#subscriptions = subscriptions;
    if (request.isCleanSession) return;
    await this.#services.subscriptions.keep(request.deviceId, subscriptions);
  }

  #onPublish(packet: IPublishPacket, request: ConnectRequest): void {
    const publish = readPublish(request.deviceId, packet);
    if (publish === undefined) {
      throw new ProtocolViolation(`publishing to ${packet.topic} is not allowed`);
    }
    if (packet.qos === 2) throw new ProtocolViolation("QoS 2 is not served");
    if (publish.type === "telemetry") {
      this.#store(publish.telemetry, packet, request);
      return;
    }
    this.#acknowledge(packet);
    if (publish.type === "twin") {
      this.#send({ cmd: "publish", qos: 0, dup: false, retain: false, ...publish.answer });
    }
  }

  #store(telemetry: Telemetry, packet: IPublishPacket, request: ConnectRequest): void {
    const { deviceToCloud } = this.#services;
    const stored = deviceToCloud.receive(this.#senderOf(request), [telemetry]).then(
      () => this.#acknowledge(packet),
      // MQTT 3.1.1 has no other way to refuse.
      (error: unknown) => this.#close(toHubError(error).message),
    );
    void this.#countWaiting(packet, stored);
  }

  #acknowledge({ qos, messageId = 0 }: IPublishPacket): void {
    if (qos === 1) this.#send({ cmd: "puback", messageId });
  }

  #senderOf({ deviceId }: ConnectRequest): TelemetrySender {
    return { deviceId, authMethod: this.#authMethod };
  }

  /** Counts a packet until `done`, which never rejects. */
  #countWaiting({ length = 0 }: Packet, done: Promise<void>): Promise<void> {
    const count = (bytes: number): void => {
      this.#waitingBytes += bytes;
      if (this.#waitingBytes > MAX_WAITING_BYTES) this.#stream.pause();
      else if (this.#stream.isPaused()) this.#stream.resume();
    };
    count(length);
    return done.then(() => count(-length));
  }

  #deliverIfSubscribed(request: ConnectRequest): void {
    const qos = this.#deviceboundQos(request);
    if (!this.#isClosed && qos !== undefined) this.#inbox?.open(qos);
  }

  #deviceboundQos({ deviceId }: ConnectRequest): number | undefined {
    const found = Object.entries(this.#subscriptions).find(
      ([topic]) => parseMqttFilter(topic, deviceId)?.type === "devicebound",
    );
    return found?.[1];
  }

  #watchSilence(allowedMs: number): void {
    this.#cancelSilenceTimer();
    this.#cancelSilenceTimer = this.#services.clock.setTimer(allowedMs, () =>
      this.#close("the client has been silent for longer than its keep-alive allows"),
    );
  }

  #watchExpiry({ expiryTimeMs }: Principal): void {
    if (expiryTimeMs === Number.POSITIVE_INFINITY) return;
    const leftMs = expiryTimeMs - this.#services.clock.nowMs();
    this.#cancelExpiryTimer = this.#services.clock.setTimer(leftMs, () =>
      this.#close("the shared access signature has expired"),
    );
  }

  #refuse(returnCode: number, reason: string, name = "ServiceUnavailable"): void {
    this.#services.events.emit({ type: "connectionRefused", protocol: "mqtt", name, reason });
    this.#send({ cmd: "connack", returnCode, sessionPresent: false });
    this.#close(reason);
  }

  #send(packet: Packet): void {
    if (!this.#stream.writable) return;
    this.#stream.write(mqtt.generate(packet, { protocolVersion: 4 }));
  }

  #close(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelSilenceTimer();
    this.#cancelExpiryTimer();
    this.#inbox?.close();
    this.#will.send();
    this.#connection?.release(reason);
    if (this.#stream.destroyed) return;
    const cancelCut = this.#services.clock.setTimer(LAST_BYTES_TIMEOUT_MS, () =>
      this.#stream.destroy(),
    );
    this.#stream.once("close", cancelCut);
    this.#stream.end(() => this.#stream.destroy());
  }
}

/** Rule mqtt-keep-alive. */
function silenceAllowedMs(keepAliveSeconds: number): number {
  const wanted = keepAliveSeconds * MQTT_KEEP_ALIVE_GRACE;
  const allowed =
    wanted === 0 ? MAX_MQTT_SILENCE_SECONDS : Math.min(wanted, MAX_MQTT_SILENCE_SECONDS);
  return allowed * 1000;
}
