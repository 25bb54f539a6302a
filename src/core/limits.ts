/**
 * Sources, as of 2026-02: "devguide-c2d" is "Send cloud-to-device messages from an IoT hub",
 * "devguide-quotas" is "IoT Hub quotas and throttling". Undocumented values are marked as assumed
 * here and in `docs/rules.md`.
 */

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

export interface CloudToDeviceSettings {
  /** Of a message without an expiry. */
  readonly defaultTtlMs: number;
  /** Abandoned deliveries after which a message is dead-lettered. */
  readonly maxDeliveryCount: number;
  /** How long a delivered message stays invisible until it is settled. */
  readonly lockTimeoutMs: number;
  /** Per device, messages in flight included. */
  readonly queueDepth: number;
  readonly feedback: FeedbackSettings;
}

export interface FeedbackSettings {
  /** Longest wait of a record for others to join its batch. */
  readonly intervalMs: number;
  readonly lockTimeoutMs: number;
  readonly ttlMs: number;
  readonly maxDeliveryCount: number;
}

/** From devguide-c2d, table "cloud-to-device configuration options". */
export const AZURE_DEFAULTS: CloudToDeviceSettings = {
  defaultTtlMs: HOUR_MS,
  maxDeliveryCount: 10,
  lockTimeoutMs: MINUTE_MS,
  queueDepth: 50,
  feedback: {
    intervalMs: 15 * SECOND_MS,
    lockTimeoutMs: MINUTE_MS,
    ttlMs: HOUR_MS,
    maxDeliveryCount: 10,
  },
};

/** Azure's, but feedback is sent sooner, because people wait for it. */
export const LOCAL_DEFAULTS: CloudToDeviceSettings = {
  ...AZURE_DEFAULTS,
  feedback: { ...AZURE_DEFAULTS.feedback, intervalMs: SECOND_MS },
};

/** Completes a batch at once (devguide-c2d, "Message feedback"). */
export const MAX_FEEDBACK_BATCH_RECORDS = 64;

/** Properties included (devguide-quotas). */
export const MAX_CLOUD_TO_DEVICE_BYTES = 64 * 1024;

/** One message or a batch, properties included (devguide-quotas). */
export const MAX_DEVICE_TO_CLOUD_BYTES = 256 * 1024;

/** Azure's default (built-in endpoint guide). */
export const PARTITION_COUNT = 4;

/** Every event hub has it (built-in endpoint guide). */
export const DEFAULT_CONSUMER_GROUP = "$Default";

/** Azure's default is a day (built-in endpoint guide); the size limit is ours, to save memory. */
export const LOG_LIMITS = { retentionMs: 24 * HOUR_MS, maxBytes: 8 * 1024 * 1024 } as const;

/** Added to each message (assumed), so that empty events count and have distinct offsets. */
export const EVENT_OVERHEAD_BYTES = 512;

/** In characters (identity registry guide). */
export const MAX_DEVICE_ID_LENGTH = 128;

/** In characters (devguide-messages-construct). */
export const MAX_MESSAGE_ID_LENGTH = 128;

/** The longest allowed, whatever the client's keep-alive (MQTT guide: 29.45 minutes). */
export const MAX_MQTT_SILENCE_SECONDS = 1767;

/** Keep-alive intervals without a packet until the client is dropped (MQTT 3.1.1, 3.1.2.10). */
export const MQTT_KEEP_ALIVE_GRACE = 1.5;
