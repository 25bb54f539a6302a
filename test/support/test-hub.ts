import { onTestFinished } from "vitest";
import type { Policy } from "../../src/core/device-identity.ts";
import type { LogLimits } from "../../src/core/events/event-log.ts";
import { AZURE_DEFAULTS, type CloudToDeviceSettings, LOG_LIMITS } from "../../src/core/limits.ts";
import type { Message } from "../../src/core/message.ts";
import { formatSasToken } from "../../src/core/sas-token.ts";
import { serveAmqp } from "../../src/hub/amqp/connection.ts";
import { createInstallation } from "../../src/hub/home/installation.ts";
import { createHttpsServer } from "../../src/hub/https/server.ts";
import { serveMqtt } from "../../src/hub/mqtt/connection.ts";
import { createServices } from "../../src/hub/services.ts";
import { createMemoryStore } from "../../src/hub/store/memory-store.ts";
import type { Store } from "../../src/hub/store/store.ts";
import { type HttpRequest, type HttpResponse, requestOver } from "../hub/support/http-request.ts";
import { AmqpPeer } from "./amqp-peer.ts";
import { createDuplexPair } from "./duplex-pair.ts";
import { EventLog } from "./event-log.ts";
import { connectPacket, MqttPeer } from "./mqtt-peer.ts";
import { TestClock } from "./test-clock.ts";

export const HOST = "localhost";

export interface TestHubOptions {
  readonly settings?: Partial<CloudToDeviceSettings>;
  readonly logLimits?: Partial<LogLimits>;
  readonly consumerGroups?: readonly string[];
  readonly store?: Store;
  /** Default: `device1` and `device2`. */
  readonly devices?: readonly string[];
}

export type TestHub = Awaited<ReturnType<typeof createTestHub>>;

/** The services of a hub, without ports and with a manual clock. */
export async function createTestHub(options: TestHubOptions = {}) {
  const { devices = ["device1", "device2"] } = options;
  const settings = { ...AZURE_DEFAULTS, ...options.settings };
  const clock = new TestClock(Date.UTC(2026, 0, 1));
  const { policies } = await createInstallation(clock.nowMs());
  const created = await createServices({
    store: options.store ?? createMemoryStore(),
    clock,
    settings,
    logLimits: { ...LOG_LIMITS, ...options.logLimits },
    hostNames: [HOST, "alias.example"],
    policies,
    deviceAuthorities: [],
    consumerGroups: options.consumerGroups ?? [],
    // A connection may outlive its test, and find the store closed.
    onStoreFailure: () => {},
  });
  let stopRequests = 0;
  const services = {
    ...created,
    stopHub: () => {
      stopRequests += 1;
    },
  };
  const { cloudToDevice, deviceToCloud, events, feedback, registry } = services;
  for (const deviceId of devices) await registry.ensure(deviceId);
  const httpsServer = createHttpsServer(services);
  const log = new EventLog(events);
  return {
    clock,
    cloudToDevice,
    deviceToCloud,
    events,
    feedback,
    log,
    policies,
    registry,
    services,
    settings,
    /** Number of stop requests over REST. */
    get stopRequests() {
      return stopRequests;
    },
    /** Both ends of a new MQTT connection. */
    mqtt() {
      const [clientEnd, hubEnd] = createDuplexPair();
      onTestFinished(() => {
        clientEnd.destroy();
      });
      serveMqtt(hubEnd, services);
      return { peer: new MqttPeer(clientEnd), clientEnd, hubEnd };
    },
    amqp(connectionOptions: ConstructorParameters<typeof AmqpPeer>[1] = {}) {
      const [clientEnd, hubEnd] = createDuplexPair();
      onTestFinished(() => {
        clientEnd.destroy();
      });
      serveAmqp(hubEnd, services);
      return new AmqpPeer(clientEnd, connectionOptions);
    },
    /** An AMQP stream before its first byte. */
    rawAmqp() {
      const [clientEnd, hubEnd] = createDuplexPair();
      onTestFinished(() => {
        clientEnd.destroy();
      });
      serveAmqp(hubEnd, services);
      return { clientEnd, hubEnd };
    },
    /** Sends an HTTPS request with this token on a new connection. */
    https(
      method: HttpRequest["method"],
      path: string,
      token?: string,
      fields: Pick<HttpRequest, "headers" | "body"> = {},
    ): Promise<HttpResponse> {
      const [clientEnd, hubEnd] = createDuplexPair();
      onTestFinished(() => {
        clientEnd.destroy();
      });
      httpsServer.emit("connection", hubEnd);
      const headers = { ...(token !== undefined && { authorization: token }), ...fields.headers };
      return requestOver(clientEnd, { ...fields, method, path, headers });
    },
    deviceToken(
      deviceId: string,
      { expiresInSeconds = 3600, resource = `${HOST}/devices/${deviceId}` } = {},
    ): string {
      const { authentication } = registry.get(deviceId);
      if (authentication.type !== "sas") throw new Error(`${deviceId} has no key`);
      return formatSasToken({
        resource,
        key: authentication.primaryKey,
        expirySeconds: Math.floor(clock.nowMs() / 1000) + expiresInSeconds,
      });
    },
    policyToken(name: string, { expiresInSeconds = 3600, resource = HOST } = {}): string {
      return formatSasToken({
        resource,
        key: policyNamed(policies, name).primaryKey,
        expirySeconds: Math.floor(clock.nowMs() / 1000) + expiresInSeconds,
        policyName: name,
      });
    },
    /** A device connected over MQTT. */
    async connectDevice(deviceId = "device1", fields: Parameters<typeof connectPacket>[0] = {}) {
      const { peer, clientEnd, hubEnd } = this.mqtt();
      const connack = await peer.connect(this.signIn(deviceId, fields));
      return { peer, connack, clientEnd, hubEnd };
    },
    /** The CONNECT packet of a device. */
    signIn(deviceId = "device1", fields: Parameters<typeof connectPacket>[0] = {}) {
      return connectPacket({
        clientId: deviceId,
        username: `${HOST}/${deviceId}/?api-version=2021-04-12`,
        password: Buffer.from(this.deviceToken(deviceId)),
        ...fields,
      });
    },
    /** A device signed in over AMQP. */
    async connectAmqpDevice(deviceId = "device1") {
      const peer = await this.amqp().opened();
      await (await peer.openCbs()).putToken(HOST, this.deviceToken(deviceId));
      return peer;
    },
    /** A service connected with a token of this policy. */
    async connectService(
      policyName = "service",
      connectionOptions: ConstructorParameters<typeof AmqpPeer>[1] = {},
    ) {
      const peer = await this.amqp(connectionOptions).opened();
      const cbs = await peer.openCbs();
      await cbs.putToken(HOST, this.policyToken(policyName));
      return { peer, cbs };
    },
    send(fields: Partial<Message["system"]> & { body?: string } = {}, deviceId = "device1") {
      return cloudToDevice.send(deviceId, message(fields));
    },
  };
}

/** A new hub, and device1 connected to it over MQTT. */
export async function connectTestDevice(options: TestHubOptions = {}) {
  const hub = await createTestHub(options);
  return { hub, ...(await hub.connectDevice()) };
}

/** A new hub, and a service that is signed in. */
export async function connectTestService(policyName?: string) {
  const hub = await createTestHub();
  return { hub, ...(await hub.connectService(policyName)) };
}

export function devicebound(deviceId = "device1"): string {
  return `devices/${deviceId}/messages/devicebound/#`;
}

/** A message with these system properties. */
export function message({
  body = "",
  properties = {},
  ...system
}: Message["system"] & { body?: string; properties?: Message["properties"] } = {}): Message {
  return { system, properties, body: Buffer.from(body) };
}

function policyNamed(policies: readonly Policy[], name: string): Policy {
  const policy = policies.find((one) => one.name === name);
  if (policy === undefined) throw new Error(`no policy ${name}`);
  return policy;
}
