import type { IPublishPacket, ISubscribePacket, IUnsubscribePacket, Packet } from "mqtt-packet";
import { toHubError } from "../../core/hub-error.ts";
import type { Telemetry } from "../../core/message.ts";
import { parseMqttFilter } from "../../core/resource-path.ts";
import type { TelemetrySender } from "../model/device-to-cloud.ts";
import type { HubServices } from "../services.ts";
import type { Subscriptions } from "../store/records.ts";
import { DeviceInbox } from "./device-inbox.ts";
import { readPublish } from "./incoming-publish.ts";
import type { PacketStream } from "./packet-stream.ts";

interface SessionOptions
  extends Pick<HubServices, "cloudToDevice" | "deviceToCloud" | "subscriptions"> {
  readonly sender: TelemetrySender;
  readonly isClean: boolean;
  readonly packets: PacketStream;
  fail(reason: string): void;
}

/** MQTT 3.1.1 has no error packet for it: the hub closes the connection (rule mqtt-violation). */
export class ProtocolViolation extends Error {}

export class MqttSession {
  readonly #options: SessionOptions;
  readonly #deviceId: string;
  readonly #inbox: DeviceInbox;
  #subscriptions: Subscriptions = {};
  #will: Telemetry | undefined;
  #hasEnded = false;

  constructor(options: SessionOptions) {
    const { cloudToDevice, fail, packets, sender } = options;
    this.#options = options;
    this.#deviceId = sender.deviceId;
    this.#inbox = new DeviceInbox({
      deviceId: sender.deviceId,
      cloudToDevice,
      send: (packet) => packets.send(packet),
      fail,
    });
  }

  /** @returns Whether the hub had a stored session of the device (rule mqtt-session). */
  async restore(): Promise<boolean> {
    const { isClean, subscriptions } = this.#options;
    if (isClean) {
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
    const { deviceToCloud, sender } = this.#options;
    // Nobody is left to receive the error, such as a will that is too large.
    if (this.#will) deviceToCloud.receive(sender, [this.#will]).catch(() => {});
  }

  async #onSubscribe(packet: ISubscribePacket): Promise<void> {
    const granted = packet.subscriptions.map(({ topic, qos }) => {
      if (parseMqttFilter(topic, this.#deviceId) === undefined) {
        throw new ProtocolViolation(`subscription to ${topic} is not allowed`);
      }
      return [topic, Math.min(qos, 1)] as const;
    });
    await this.#keep({ ...this.#subscriptions, ...Object.fromEntries(granted) });
    this.#options.packets.send({
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
    this.#options.packets.send({ cmd: "unsuback", messageId, granted: [] });
  }

  async #keep(subscriptions: Subscriptions): Promise<void> {
    this.#subscriptions = subscriptions;
    if (this.#options.isClean) return;
    await this.#options.subscriptions.keep(this.#deviceId, subscriptions);
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
      this.#options.packets.send({ cmd: "publish", ...answer });
    }
  }

  #store(telemetry: Telemetry, packet: IPublishPacket): void {
    const { deviceToCloud, fail, packets, sender } = this.#options;
    const stored = deviceToCloud.receive(sender, [telemetry]).then(
      () => this.#acknowledge(packet),
      // MQTT 3.1.1 has no other way to refuse.
      (error: unknown) => fail(toHubError(error).message),
    );
    void packets.countUntil(stored, packet);
  }

  #acknowledge({ qos, messageId = 0 }: IPublishPacket): void {
    if (qos === 1) this.#options.packets.send({ cmd: "puback", messageId });
  }
}
