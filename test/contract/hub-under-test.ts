/** The hub under test: a local one, or the one in an environment variable. */

import { readFileSync } from "node:fs";
import { ManualClock } from "../../src/async/clock.ts";
import { parseHubConnectionString, splitHostPort } from "../../src/core/connection-string.ts";
import { formatSasToken } from "../../src/core/sas-token.ts";
import { type LocalHub, startLocalHub } from "../../src/hub/local-hub.ts";
import type { LocalHubOptions } from "../../src/hub/local-hub-options.ts";
import { RegistryClient } from "./registry-client.ts";
import type { RestEndpoint } from "./rest.ts";
import { ServiceClient } from "./service-client.ts";
import { tokenExpirySeconds } from "./token.ts";

export interface HubUnderTest {
  readonly endpoint: RestEndpoint;
  readonly mqttPort: number;
  readonly amqpPort: number;
  readonly registry: RegistryClient;
  readonly service: ServiceClient;
  /** Absent for a real hub, whose clock cannot be controlled. */
  readonly clock?: ManualClock;
  close(): Promise<void>;
}

export interface Target {
  readonly name: string;
  readonly isLive: boolean;
  /** Longest a rule may take, in milliseconds. */
  readonly timeoutMs: number;
  open(options?: LocalHubOptions): Promise<HubUnderTest>;
}

export const localTarget: Target = {
  name: "the local hub",
  isLive: false,
  timeoutMs: 10_000,
  async open(options = {}) {
    const clock = new ManualClock();
    const hub = await startLocalHub({ clock, feedbackIntervalMs: 0, ...options });
    const [port = 0] = hub.ports;
    const endpoint = { host: "localhost", port, ca: readFileSync(hub.caFile, "utf8") };
    sendFeedbackAtOnce(hub, clock);
    const ports = { mqttPort: port, amqpPort: port };
    const opened = await openClients(hub.connectionString, endpoint, ports);
    return {
      ...opened,
      clock,
      async close() {
        opened.service.close();
        await hub.stop();
      },
    };
  },
};

/** A real hub; its feedback takes 15 seconds and more. */
export function liveTarget(connectionString: string): Target {
  return {
    name: "the live hub",
    isLive: true,
    timeoutMs: 180_000,
    async open() {
      const { host } = splitHostPort(parseHubConnectionString(connectionString).hostName);
      const ports = { mqttPort: 8883, amqpPort: 5671 };
      const opened = await openClients(connectionString, { host, port: 443 }, ports);
      return { ...opened, close: async () => opened.service.close() };
    },
  };
}

async function openClients(
  connectionString: string,
  endpoint: RestEndpoint,
  ports: { readonly mqttPort: number; readonly amqpPort: number },
) {
  const createToken = (): string => ownerToken(connectionString, endpoint.host);
  const service = await ServiceClient.connect(endpoint, ports.amqpPort, createToken());
  return { endpoint, ...ports, service, registry: new RegistryClient(endpoint, createToken) };
}

/** A batch is due at once, but its timer fires only when the manual clock advances. */
function sendFeedbackAtOnce(hub: LocalHub, clock: ManualClock): void {
  hub.subscribe(({ type }) => {
    if (type === "feedback") setImmediate(() => clock.advance(0));
  });
}

function ownerToken(connectionString: string, host: string): string {
  const { sharedAccessKey, sharedAccessKeyName } = parseHubConnectionString(connectionString);
  return formatSasToken({
    resource: host,
    key: sharedAccessKey.reveal(),
    expirySeconds: tokenExpirySeconds(),
    policyName: sharedAccessKeyName,
  });
}
