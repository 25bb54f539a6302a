import type { Duplex } from "node:stream";
import { connect } from "node:tls";
import type { IPublishPacket } from "mqtt-packet";
import { formatSasToken } from "../../../src/core/sas-token.ts";
import { MqttPeer } from "../../support/mqtt-peer.ts";
import {
  cannot,
  type DeviceAccess,
  type DeviceDriver,
  type DeviceSession,
  type ReceivedMessage,
} from "../driver.ts";
import { tokenExpirySeconds } from "../token.ts";
import { presentFields } from "./present-fields.ts";

/** MQTT packet by packet: the SDK acknowledges on arrival, so it cannot hold a message. */
export const mqttDriver = createMqttDriver("mqtt", ({ endpoint: { host, ca }, mqttPort: port }) => {
  const socket = connect({ host, port, servername: host, ...(ca !== undefined && { ca }) });
  return socket.setNoDelay();
});

/** MQTT packet by packet over any stream to the hub. */
export function createMqttDriver(
  name: string,
  openStream: (device: DeviceAccess) => Duplex,
): DeviceDriver {
  return {
    name,
    capabilities: {
      canHold: true,
      canAbandon: false,
      canReject: false,
      hasConnection: true,
      isPolling: false,
      keepsNameCase: true,
    },
    async connect(device) {
      const peer = new MqttPeer(openStream(device));
      const connack = await peer.connect(signIn(device));
      if (connack.returnCode !== 0) throw new Error(`CONNACK ${connack.returnCode}`);
      // A persistent session has its subscription; its messages are delivered at once.
      if (!connack.sessionPresent) {
        await peer.subscribe(`devices/${device.deviceId}/messages/devicebound/#`);
      }
      return createSession(peer);
    },
  };
}

/** The longest effective keep-alive, in seconds: tests advance the clock by minutes. */
const KEEP_ALIVE_SECONDS = 1177;

function signIn({ endpoint: { host }, deviceId, key }: DeviceAccess) {
  const resource = `${host}/devices/${deviceId}`;
  const token = formatSasToken({ resource, key, expirySeconds: tokenExpirySeconds() });
  return {
    clientId: deviceId,
    username: `${host}/${deviceId}/?api-version=2021-04-12`,
    password: Buffer.from(token),
    keepalive: KEEP_ALIVE_SECONDS,
  };
}

function createSession(peer: MqttPeer): DeviceSession {
  const packets = new Map<ReceivedMessage, IPublishPacket>();
  return {
    async receive() {
      const packet = await peer.nextPublish();
      const message = readPublish(packet);
      packets.set(message, packet);
      return message;
    },
    async complete(message) {
      peer.acknowledge(packets.get(message) ?? {});
    },
    abandon: cannot("abandon"),
    reject: cannot("reject"),
    shutOut: () => peer.closed,
    async drop() {
      peer.destroy();
    },
  };
}

function readPublish(packet: IPublishPacket): ReceivedMessage {
  const bag = new Map<string, string>();
  for (const pair of packet.topic.split("/").slice(4).join("/").split("&")) {
    const [name = "", value = ""] = pair.split("=").map(decodeURIComponent);
    if (name !== "") bag.set(name, value);
  }
  const take = (name: string): string | undefined => {
    const value = bag.get(name);
    bag.delete(name);
    return value;
  };
  const expiry = take("$.exp");
  const fields = {
    messageId: take("$.mid"),
    correlationId: take("$.cid"),
    userId: take("$.uid"),
    contentType: take("$.ct"),
    contentEncoding: take("$.ce"),
    ack: take("iothub-ack"),
    expiryTimeUtcMs: expiry === undefined ? undefined : Date.parse(expiry),
  };
  take("$.to");
  return {
    ...presentFields(fields),
    body: Buffer.from(packet.payload),
    properties: Object.fromEntries(bag),
    isMarkedRedelivered: packet.dup,
  };
}
