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
import { hostNameOf } from "./host-name.ts";
import type { Hub } from "./hub.ts";
import { trustInThisProcess } from "./listener/process-trust.ts";
import { fromMessage, type MessageToSend, toMessage } from "./message-to-send.ts";
import type { HubEvent, HubEventListener } from "./model/events.ts";
import { toQueuedMessage } from "./model/queued-message.ts";
import { HubStoppedError } from "./runtime/lifetime.ts";
import { type WaitFor, type WaitOptions, waitForEvent } from "./wait-for-event.ts";

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
    uiUrl: hub.page?.url,
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
