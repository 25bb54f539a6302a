import {
  type DeviceCredential,
  formatDeviceConnectionString,
  formatEventHubConnectionString,
  formatHubConnectionString,
} from "../core/connection-string.ts";
import { type DeviceIdentity, validateDeviceId } from "../core/device-identity.ts";
import { EVENT_HUB_NAME } from "../core/resource-path.ts";
import { Secret } from "../core/secret.ts";
import type { Installation } from "./home/installation.ts";
import type { Hub } from "./hub.ts";
import { trustInThisProcess } from "./listener/process-trust.ts";
import { DEFAULT_HOST } from "./local-hub-options.ts";
import { fromMessage, type MessageToSend, toMessage } from "./message-to-send.ts";
import type { HubEvent, HubEventListener } from "./model/events.ts";
import { toQueuedMessage } from "./model/queued-message.ts";
import { HubStoppedError } from "./runtime/lifetime.ts";
import { type WaitFor, type WaitOptions, waitForEvent } from "./wait-for-event.ts";

/** Default ports of SDKs, for connection strings without one: MQTT and AMQP. */
const PORTS_WITHOUT_MENTION = [8883, 5671] as const;

/** Listen addresses, besides IPv6 ones, that `localhost` reaches. */
const NAMED_LOCALHOST: readonly string[] = [DEFAULT_HOST, "0.0.0.0", "localhost"];

export function toLocalHub(
  hub: Hub,
  { authority }: Installation,
  { host, caFile }: { readonly host: string; readonly caFile: string },
) {
  const hostName = hostNameOf(host, hub.ports);
  let distrust = (): void => {};
  // Whatever stopped it.
  hub.stopped.finally(() => distrust()).catch(() => {});
  const requireRunning = (): void => {
    if (hub.isStopping) throw new HubStoppedError();
  };
  const deviceConnectionString = (deviceId: string): string => {
    requireRunning();
    validateDeviceId(deviceId);
    // A store failure stops the hub, which `stopped` reports.
    hub.registry.ensure(deviceId).catch(() => {});
    const credential = credentialOf(hub.registry.get(deviceId));
    return formatDeviceConnectionString({ hostName, deviceId, credential });
  };
  const subscribe = (listener: HubEventListener): (() => void) => {
    requireRunning();
    return hub.events.subscribe((event) => listener(event));
  };
  const stop = async (): Promise<void> => {
    distrust();
    await hub.stop();
  };
  return {
    hostName,
    ports: hub.ports,
    connectionString: formatHubConnectionString({ hostName, ...hub.owner }),
    eventHubConnectionString: formatEventHubConnectionString({
      hostName,
      ...hub.owner,
      entityPath: EVENT_HUB_NAME,
    }),
    caFile,
    stopped: hub.stopped,
    deviceConnectionString,
    send: async (deviceId: string, message: MessageToSend = {}) => {
      requireRunning();
      await hub.cloudToDevice.send(deviceId, toMessage(message));
    },
    queue: (deviceId: string) => {
      requireRunning();
      hub.registry.get(deviceId);
      return Array.from(hub.cloudToDevice.entriesOf(deviceId), (entry) => ({
        ...toQueuedMessage(entry),
        ...fromMessage(entry.payload),
      }));
    },
    subscribe,
    waitFor: ((wanted: HubEvent["type"], options?: WaitOptions) =>
      waitForEvent({ stopped: hub.stopped, subscribe }, wanted, options)) as WaitFor,
    trust: () => {
      requireRunning();
      distrust();
      distrust = trustInThisProcess(authority.certificate);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function credentialOf({ authentication }: DeviceIdentity): DeviceCredential {
  if (authentication.type !== "sas") return { type: "x509" };
  return { type: "key", sharedAccessKey: new Secret(authentication.primaryKey) };
}

function hostNameOf(host: string, ports: readonly number[]): string {
  const isStandard = PORTS_WITHOUT_MENTION.every((port) => ports.includes(port));
  return isStandard ? nameOf(host) : `${nameOf(host)}:${ports[0]}`;
}

/** For clients on this machine; an IPv6 address would be ambiguous with a port. */
export function nameOf(host: string): string {
  return NAMED_LOCALHOST.includes(host) || host.includes(":") ? "localhost" : host;
}
