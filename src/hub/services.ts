import type { Clock } from "../async/clock.ts";
import type { Policy } from "../core/device-identity.ts";
import type { LogLimits } from "../core/events/event-log.ts";
import type { CloudToDeviceSettings } from "../core/limits.ts";
import { readVersion } from "../package-version.ts";
import { HandshakeLog } from "./listener/handshakes.ts";
import { OpenConnections } from "./listener/open-connections.ts";
import { AccessControl } from "./model/access-control.ts";
import { CloudToDevice } from "./model/cloud-to-device.ts";
import { DeviceActivityLog } from "./model/device-activity.ts";
import { DeviceConnections } from "./model/device-connections.ts";
import { DeviceToCloud } from "./model/device-to-cloud.ts";
import { EventRing } from "./model/event-ring.ts";
import { HubEventStream } from "./model/events.ts";
import { FeedbackQueue } from "./model/feedback-queue.ts";
import { Registry } from "./model/identity-registry.ts";
import { SubscriptionStore } from "./model/topic-subscriptions.ts";
import { Scheduler } from "./runtime/scheduler.ts";
import { guardStore } from "./store/guard-store.ts";
import { loadHubState } from "./store/records.ts";
import type { Store } from "./store/store.ts";

export interface ServicesOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly settings: CloudToDeviceSettings;
  readonly logLimits: LogLimits;
  /** The first is the hub's own. */
  readonly hostNames: readonly string[];
  readonly policies: readonly Policy[];
  readonly deviceAuthorities: readonly string[];
  readonly consumerGroups: readonly string[];
  onStoreFailure(error: unknown): void;
}

export type HubServices = Awaited<ReturnType<typeof createServices>>;

/** @throws StoreError */
export async function createServices(options: ServicesOptions) {
  const { clock, consumerGroups, hostNames, logLimits, policies, settings } = options;
  const state = await loadHubState(options.store);
  const store = guardStore(options.store, (error) => options.onStoreFailure(error));
  const events = new HubEventStream(store, clock);
  const ring = new EventRing(clock.nowMs());
  events.subscribe((event, timeMs, message) => ring.record(event, timeMs, message));
  const scheduler = new Scheduler(clock);
  const connections = new DeviceConnections(events);
  const registry = new Registry({ store, clock, connections, devices: state.devices });
  const shared = { settings, clock, scheduler, store, events };
  const activity = new DeviceActivityLog({ ...shared, times: state.activity });
  registry.onDeleted((deviceId) => activity.forget(deviceId));
  const feedback = new FeedbackQueue({ ...shared, state });
  const authorities = await readAuthorities(options.deviceAuthorities);
  return {
    access: new AccessControl({ hostNames, policies, authorities, registry, clock }),
    activity,
    clock,
    cloudToDevice: new CloudToDevice({ ...shared, registry, feedback, queues: state.queues }),
    connections,
    deviceToCloud: new DeviceToCloud({
      ...shared,
      limits: logLimits,
      consumerGroups,
      registry,
      logs: state.eventLogs,
    }),
    events,
    feedback,
    handshakes: new HandshakeLog(events, clock),
    /** The user id of feedback messages. */
    hubName: hostNames[0] ?? "localhost",
    openConnections: new OpenConnections(),
    registry,
    ring,
    scheduler,
    store,
    subscriptions: new SubscriptionStore(store, registry, state.subscriptions),
    /** Read at the start: an update may replace the file below a running hub. */
    version: readVersion(),
  };
}

/** Loaded where there are any: parsing certificates takes a library that is slow to load. */
async function readAuthorities(pems: readonly string[]) {
  if (pems.length === 0) return { haveIssued: () => false };
  const { DeviceAuthorities } = await import("./model/device-authorities.ts");
  return new DeviceAuthorities(pems);
}
