import type { IPublishPacket, ISubscribePacket, IUnsubscribePacket, Packet } from "mqtt-packet";
import { toHubError } from "../../core/hub-error.ts";
import type { Telemetry } from "../../core/message.ts";
import { parseMqttFilter } from "../../core/resource-path.ts";
import type { TelemetrySender } from "../model/device-to-cloud.ts";
import type { HubServices } from "../services.ts";
import type { Subscriptions } from "../store/records.ts";
import { DeviceInbox } from "./device-inbox.ts";
import { readPublish } from "./incoming-publish.ts";
import type { Endable, PacketStream } from "./packet-stream.ts";

type SessionServices = Pick<HubServices, "cloudToDevice" | "deviceToCloud" | "subscriptions">;

interface SessionOptions {
  readonly services: SessionServices;
  readonly sender: TelemetrySender;
  readonly isClean: boolean;
  readonly packets: PacketStream;
  readonly connection: Endable;
}

/** MQTT 3.1.1 has no error packet for it: the hub closes the connection (rule mqtt-violation). */
export class ProtocolViolation extends Error {}

export class MqttSession {
  readonly #services: SessionServices;
  readonly #sender: TelemetrySender;
  readonly #isClean: boolean;
  readonly #packets: PacketStream;
  readonly #connection: Endable;
  readonly #inbox: DeviceInbox;
  #subscriptions: Subscriptions = {};
  #will: Telemetry | undefined;
  #hasEnded = false;

  constructor({ services, sender, isClean, packets, connection }: SessionOptions) {
    this.#services = services;
    this.#sender = sender;
    this.#isClean = isClean;
    this.#packets = packets;
    this.#connection = connection;
    const { deviceId } = sender;
    const { cloudToDevice } = services;
    this.#inbox = new DeviceInbox({ deviceId, cloudToDevice, packets, connection });
  }

  get #deviceId(): string {
    return this.#sender.deviceId;
  }

  /** @returns Whether the hub had a stored session of the device (rule mqtt-session). */
  async restore(): Promise<boolean> {
    const { subscriptions } = this.#services;
    if (this.#isClean) {
      await subscriptions.forget(this.#deviceId);
      return false;
    }
    const kept = subscriptions.find(this.#deviceId);
    this.#subscriptions = kept ?? {};
    return kept !== undefined;
  }

  open(will: Telemetry | undefined): void {
    this.#will = will;
    this.#deliverIfSubscribed();
  }

  /**
   * @returns A promise only if the next packet has to wait.
   * @throws ProtocolViolation; the promise may reject with one.
   */
  handle(packet: Packet): Promise<void> | undefined {
    switch (packet.cmd) {
      case "subscribe":
        return this.#onSubscribe(packet);
      case "unsubscribe":
        return this.#onUnsubscribe(packet);
      case "puback":
        this.#inbox.acknowledge(packet.messageId ?? 0);
        return undefined;
      case "publish":
        this.#onPublish(packet);
        return undefined;
      default:
        throw new ProtocolViolation(`${packet.cmd} is not allowed here`);
    }
  }

  forgetWill(): void {
    this.#will = undefined;
  }

  /** Unsettled messages are requeued, and a will is sent (rule mqtt-will). */
  end(): void {
    this.#hasEnded = true;
    this.#inbox.close();
    if (this.#will === undefined) return;
    // Nobody is left to receive the error, such as a will that is too large.
    this.#services.deviceToCloud.receive(this.#sender, [this.#will]).catch(() => {});
  }

  async #onSubscribe(packet: ISubscribePacket): Promise<void> {
    const granted = packet.subscriptions.map(({ topic, qos }) => {
      if (parseMqttFilter(topic, this.#deviceId) === undefined) {
        throw new ProtocolViolation(`subscription to ${topic} is not allowed`);
      }
      return [topic, Math.min(qos, 1)] as const;
    });
    await this.#keep({ ...this.#subscriptions, ...Object.fromEntries(granted) });
    this.#packets.send({
      cmd: "suback",
      messageId: packet.messageId ?? 0,
      granted: granted.map(([, qos]) => qos),
    });
    this.#deliverIfSubscribed();
  }

  async #onUnsubscribe(packet: IUnsubscribePacket): Promise<void> {
    const gone = new Set(packet.unsubscriptions);
    const kept = Object.entries(this.#subscriptions).filter(([topic]) => !gone.has(topic));
    await this.#keep(Object.fromEntries(kept));
    if (this.#deviceboundQos() === undefined) this.#inbox.close();
    const messageId = packet.messageId ?? 0;
    this.#packets.send({ cmd: "unsuback", messageId, granted: [] });
  }

  async #keep(subscriptions: Subscriptions): Promise<void> {
    this.#subscriptions = subscriptions;
    if (this.#isClean) return;
    await this.#services.subscriptions.keep(this.#deviceId, subscriptions);
  }

  #deliverIfSubscribed(): void {
    const qos = this.#deviceboundQos();
    if (!this.#hasEnded && qos !== undefined) this.#inbox.open(qos);
  }

  #deviceboundQos(): number | undefined {
    const found = Object.entries(this.#subscriptions).find(
      ([topic]) => parseMqttFilter(topic, this.#deviceId)?.type === "devicebound",
    );
    return found?.[1];
  }

  #onPublish(packet: IPublishPacket): void {
    const publish = readPublish(this.#deviceId, packet);
    if (publish === undefined) {
      throw new ProtocolViolation(`publishing to ${packet.topic} is not allowed`);
    }
    if (packet.qos === 2) throw new ProtocolViolation("QoS 2 is not supported");
    if (publish.type === "telemetry") {
      this.#store(publish.telemetry, packet);
      return;
    }
    this.#acknowledge(packet);
    if (publish.type === "twin") {
      const answer = { qos: 0, dup: false, retain: false, ...publish.answer } as const;
      this.#packets.send({ cmd: "publish", ...answer });
    }
  }

  #store(telemetry: Telemetry, packet: IPublishPacket): void {
    const stored = this.#services.deviceToCloud.receive(this.#sender, [telemetry]).then(
      () => this.#acknowledge(packet),
      // MQTT 3.1.1 has no other way to refuse.
      (error: unknown) => this.#connection.end(toHubError(error).message),
    );
    void this.#packets.countUntil(stored, packet);
  }

  #acknowledge({ qos, messageId = 0 }: IPublishPacket): void {
    if (qos === 1) this.#packets.send({ cmd: "puback", messageId });
  }
}
