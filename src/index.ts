/**
 * The public API of the library: the local hub, in your own process.
 *
 * @example
 * import { startLocalHub } from "c2d-tools";
 * await using hub = await startLocalHub({ devices: ["device1"] });
 * hub.deviceConnectionString("device1");
 */

export { type Clock, ManualClock } from "./async/clock.ts";
export type { FeedbackRecord, FeedbackStatusCode } from "./core/feedback.ts";
export { HubError, type HubErrorName } from "./core/hub-error.ts";
export { InvalidOptionError } from "./core/hub-options.ts";
export { IncompatiblePackage } from "./dependencies/incompatible-package.ts";
export { HomeError, type HomeErrorName } from "./hub/home/home-error.ts";
export { PortUnavailable } from "./hub/listener/port-unavailable.ts";
export { type LocalHub, startLocalHub } from "./hub/local-hub.ts";
export type { LocalHubOptions } from "./hub/local-hub-options.ts";
export type { MessageContent, MessageToSend } from "./hub/message-to-send.ts";
export type { HubEvent, HubEventListener, MessageRef } from "./hub/model/events.ts";
export type { QueuedMessage } from "./hub/model/queued-message.ts";
export { HubStoppedError } from "./hub/runtime/lifetime.ts";
export { StoreError, type StoreErrorName } from "./hub/store/store-error.ts";
export { type WaitFor, type WaitOptions, WaitTimeoutError } from "./hub/wait-for-event.ts";
