import { type HubError, toHubError } from "../../core/hub-error.ts";
import type { Settlement } from "../../core/message-queue.ts";
import type { CloudToDevice, MessageConsumer, MessageDelivery } from "../model/cloud-to-device.ts";
import type { Subscription } from "../model/subscription.ts";
import { toPublish } from "./outgoing-publish.ts";
import { PacketIds } from "./packet-ids.ts";
import type { Endable, PacketStream } from "./packet-stream.ts";

interface DeviceInboxOptions {
  readonly deviceId: string;
  readonly cloudToDevice: CloudToDevice;
  readonly packets: Pick<PacketStream, "send">;
  readonly connection: Endable;
}

/** Longest MQTT topic (rule mqtt-topic-size). */
const MAX_TOPIC_BYTES = 65_535;

export class DeviceInbox implements MessageConsumer {
  readonly #deviceId: string;
  readonly #cloudToDevice: CloudToDevice;
  readonly #packets: Pick<PacketStream, "send">;
  readonly #connection: Endable;
  readonly #packetIds = new PacketIds();
  #delivery: Subscription | undefined;
  #qos: 0 | 1 = 0;

  constructor({ deviceId, cloudToDevice, packets, connection }: DeviceInboxOptions) {
    this.#deviceId = deviceId;
    this.#cloudToDevice = cloudToDevice;
    this.#packets = packets;
    this.#connection = connection;
  }

  open(qos: number): void {
    this.#qos = qos === 1 ? 1 : 0;
    this.#delivery ??= this.#cloudToDevice.subscribe(this.#deviceId, this);
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

  hasCredit(): boolean {
    return this.#delivery !== undefined && !this.#packetIds.isFull;
  }

  deliver({ lockToken, entry }: MessageDelivery): void {
    const publish = toPublish(this.#deviceId, entry, this.#qos);
    if (Buffer.byteLength(publish.topic) > MAX_TOPIC_BYTES) {
      this.#settle(lockToken, "reject");
    } else if (this.#qos === 0) {
      this.#packets.send(publish);
      this.#settle(lockToken, "complete");
    } else {
      publish.messageId = this.#packetIds.add(lockToken);
      this.#packets.send(publish);
    }
  }

  onLockEnded(lockToken: string): void {
    this.#packetIds.remove(lockToken);
  }

  onReplaced({ message }: HubError): void {
    this.#connection.end(message);
  }

  #settle(lockToken: string, settlement: Settlement): void {
    this.#cloudToDevice.settle(this.#deviceId, lockToken, settlement).catch((error: unknown) => {
      const { name, message } = toHubError(error);
      // The message will be redelivered with DUP; MQTT cannot report this to the device.
      if (name !== "DeviceMessageLockLost") this.#connection.end(message);
    });
  }
}
