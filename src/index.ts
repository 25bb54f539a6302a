/** The public face of the library. */

export type {
  FeedbackRecord,
  FeedbackStatusCode,
} from "./core/feedback.ts";
export { HubError, type HubErrorName } from "./core/hub-error.ts";
export { type Clock, ManualClock } from "./hub/clock.ts";
export type { HubEvent, HubEventListener, MessageRef } from "./hub/events.ts";
export { type LocalHub, type LocalHubOptions, startLocalHub } from "./hub/local-hub.ts";
