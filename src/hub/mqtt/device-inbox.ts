import type { IPublishPacket } from "mqtt-packet";
import { toHubError } from "../../core/hub-error.ts";
import type { Settlement } from "../../core/message-queue.ts";
import type { CloudToDevice, MessageDelivery } from "../model/cloud-to-device.ts";
import type { Subscription } from "../model/subscription.ts";
import { toPublish } from "./outgoing-publish.ts";
import { PacketIds } from "./packet-ids.ts";

interface DeviceInboxOptions {
  readonly deviceId: string;
  readonly cloudToDevice: CloudToDevice;
  send(packet: IPublishPacket): void;
  /** The connection must be closed. */
  fail(reason: string): void;
}

/** Longest MQTT topic (rule mqtt-topic-size). */
const MAX_TOPIC_BYTES = 65_535;

export class DeviceInbox {
  readonly #options: DeviceInboxOptions;
  readonly #packetIds = new PacketIds();
  #delivery: Subscription | undefined;
  #qos: 0 | 1 = 0;

  constructor(options: DeviceInboxOptions) {
    this.#options = options;
  }

  open(qos: number): void {
    this.#qos = qos === 1 ? 1 : 0;
    this.#delivery ??= this.#subscribe();
    this.#delivery.wake();
  }

  /** Requeues unsettled messages. */
  close(): void {
    this.#delivery?.close();
    this.#delivery = undefined;
  }

  /** An unknown packet id is ignored: its lock has expired (rule mqtt-puback). */
  acknowledge(packetId: number): void {
    const lockToken = this.#packetIds.find(packetId);
    if (lockToken === undefined) return;
    this.#settle(lockToken, "complete");
    this.#delivery?.wake();
  }

  #subscribe(): Subscription {
    const { cloudToDevice, deviceId, fail } = this.#options;
    return cloudToDevice.subscribe(deviceId, {
      hasCredit: () => this.#delivery !== undefined && !this.#packetIds.isFull,
      deliver: (delivery) => this.#publish(delivery),
      onLockEnded: (lockToken) => this.#packetIds.remove(lockToken),
      onReplaced: (error) => fail(error.message),
    });
  }

  #publish({ lockToken, entry }: MessageDelivery): void {
    const { deviceId, send } = this.#options;
    const publish = toPublish(deviceId, entry, this.#qos);
    if (Buffer.byteLength(publish.topic) > MAX_TOPIC_BYTES) {
      this.#settle(lockToken, "reject");
    } else if (this.#qos === 0) {
      send(publish);
      this.#settle(lockToken, "complete");
    } else {
      send({ ...publish, messageId: this.#packetIds.add(lockToken) });
    }
  }

  #settle(lockToken: string, settlement: Settlement): void {
    const { cloudToDevice, deviceId, fail } = this.#options;
    cloudToDevice.settle(deviceId, lockToken, settlement).catch((error: unknown) => {
      // The message will be redelivered with DUP; MQTT cannot report this to the device.
      if (toHubError(error).name !== "DeviceMessageLockLost") fail(toHubError(error).message);
    });
  }
}
