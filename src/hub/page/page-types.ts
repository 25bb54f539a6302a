/**
 * What the hub and its page say to each other, as JSON. Times are milliseconds since the epoch.
 * Names of states and of steps, and what follows from them, come from the hub: the page shows them.
 */

import type { Protocol } from "../model/events.ts";

/** What happened to a message; the page gives each a look of its own. */
export type StepKind =
  | "enqueued"
  | "delivered"
  | "abandoned"
  | "lockLost"
  | "completed"
  | "rejected"
  | "expired"
  | "deliveryCountExceeded"
  | "purged"
  | "feedback";

export interface StepView {
  readonly kind: StepKind;
  /** For people: "Delivered", "Went back to the queue". */
  readonly label: string;
  readonly timeMs: number;
  /** For people: "2nd time", "the connection ended". */
  readonly detail?: string;
}

/** The kind of its last step other than feedback. */
export interface MessageState {
  readonly kind: StepKind;
  /** IoT Hub's term: "Enqueued", "Invisible", "Completed", "Dead-lettered: Expired". */
  readonly label: string;
}

/** A cloud-to-device message. */
export interface MessageView {
  /** Identifies it in this run of the hub. */
  readonly key: string;
  readonly deviceId: string;
  readonly sequenceNumber: number;
  readonly messageId?: string;
  readonly state: MessageState;
  /**
   * For people, until the message is final: "Returns to the queue unless it is settled", at this time.
   */
  readonly next?: { readonly label: string; readonly timeMs: number };
  /** The oldest first. */
  readonly steps: readonly StepView[];
  /** The first of its text, for the list; absent for other bodies, and if it is no longer kept. */
  readonly preview?: string;
  /** Of the body. */
  readonly bytes?: number;
}

/** A device-to-cloud message. */
export interface TelemetryView {
  /** Identifies it in this run of the hub. */
  readonly key: string;
  readonly deviceId: string;
  readonly messageId?: string;
  readonly timeMs: number;
  readonly partitionId: string;
  readonly sequenceNumber: number;
  readonly preview?: string;
  readonly bytes?: number;
}

/** Of either, on request. */
export interface ContentView {
  /** Base64. */
  readonly body: string;
  readonly bytes: number;
  /** By IoT Hub's names, times as ISO 8601. */
  readonly system: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, string>>;
}

/** What keeps a message from reaching a device at once. */
export type Obstacle = "disabled" | "queueFull" | "notConnected";

export interface ObstacleView {
  /** For people: "Its queue is full: …". */
  readonly label: string;
  readonly isRefusal: boolean;
}

export interface DeviceView {
  readonly deviceId: string;
  readonly isEnabled: boolean;
  /** Without any key: "sas", "selfSigned" or "certificateAuthority". */
  readonly authentication: string;
  readonly connection?: { readonly protocol: Protocol; readonly sinceMs: number };
  readonly lastActivityMs?: number;
  readonly obstacle?: Obstacle;
  /** In its queue, locked ones included. */
  readonly waiting: number;
  readonly locked: number;
}

/** One second; the numbers of messages that arrived at the hub. */
export interface RatePoint {
  readonly timeMs: number;
  readonly cloudToDevice: number;
  readonly deviceToCloud: number;
}

export interface HubView {
  readonly version: string;
  readonly hostName: string;
  readonly startedMs: number;
  /** The hub's clock, at this moment. */
  readonly nowMs: number;
  readonly queueDepth: number;
  readonly obstacles: Readonly<Record<Obstacle, ObstacleView>>;
  /** In command lines that reach this hub: "--local", or nothing if only a connection string does. */
  readonly commandFlag: "--local" | "";
  /** How many messages, and how many events, are kept. */
  readonly kept: number;
}

/** Server-sent event "snapshot": replaces all that the page knows. */
export interface Snapshot {
  readonly hub: HubView;
  readonly devices: readonly DeviceView[];
  /** The newest first. */
  readonly messages: readonly MessageView[];
  /** The newest first. */
  readonly events: readonly TelemetryView[];
  /** The oldest first. */
  readonly rates: readonly RatePoint[];
}

/** Of what is new since the last one, when there is more than the page shows. */
export interface Sample {
  readonly shown: number;
  readonly total: number;
}

/** Server-sent event "changes": what is new or different, at most ten times a second. */
export interface Changes {
  readonly devices?: readonly DeviceView[];
  readonly deletedDevices?: readonly string[];
  /** New or changed; new ones the newest first. */
  readonly messages?: readonly MessageView[];
  readonly events?: readonly TelemetryView[];
  readonly rates?: readonly RatePoint[];
  readonly sampledMessages?: Sample;
  readonly sampledEvents?: Sample;
}

/** Sent by the form. What is absent, or empty, is not part of the message. */
export interface SendRequest {
  readonly deviceId: string;
  readonly body?: string;
  readonly bodyEncoding?: "utf8" | "hex" | "base64";
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly messageId?: string;
  readonly correlationId?: string;
  readonly userId?: string;
  readonly properties?: Readonly<Record<string, string>>;
  /** From now on. Absent: the hub's time to live. */
  readonly expiresInMs?: number;
  readonly ack?: string;
}

/** With every status that is not 2xx. */
export interface PageError {
  /** As in the errors of the commands: "DeviceNotFound". */
  readonly name: string;
  readonly message: string;
}

/**
 * Requests of the page, below `/api/`. All but GET need the header and the page's own Origin.
 *
 * - GET    stream                        server-sent events
 * - GET    messages/:key                 ContentView; 404 once the body is no longer kept
 * - GET    events/:key                   ContentView
 * - POST   messages                      SendRequest; 201 once it is in the queue
 * - PUT    devices/:deviceId             creates it; 201
 * - PATCH  devices/:deviceId             { isEnabled }; 204
 * - DELETE devices/:deviceId             204
 * - DELETE devices/:deviceId/messages    purges its queue; 200 { purged }
 *
 * A device id may have `DEVICE_ID_MARK` before it: a URL cannot hold `.` and `..` as they are.
 */
export const API_PATH = "/api/";

/** Not in any device id. */
export const DEVICE_ID_MARK = "~";

/** No form can send it. */
export const PAGE_HEADER = { name: "c2d-page", value: "1" } as const;
