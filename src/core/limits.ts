/**
 * Limits and defaults of the hub, each with its source.
 *
 * Sources: "devguide-c2d" is Microsoft's "Send cloud-to-device messages from an IoT hub",
 * "devguide-quotas" is "IoT Hub quotas and throttling", both as of 2026-02. Undocumented values are
 * marked as assumed here and in `docs/rules.md`.
 */

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Cloud-to-device settings that a hub's owner can change. Times in milliseconds. */
export interface CloudToDeviceSettings {
  /** Time to live of a message without an expiry. */
  readonly defaultTtlMs: number;
  /** Abandoned deliveries after which a message is dead-lettered. */
  readonly maxDeliveryCount: number;
  /** How long a delivered message stays invisible until it is settled. */
  readonly lockTimeoutMs: number;
  /** Maximum number of queued messages per device, including those in flight. */
  readonly queueDepth: number;
  readonly feedback: FeedbackSettings;
}

/** Settings of the hub-wide feedback queue. Times in milliseconds. */
export interface FeedbackSettings {
  /** Longest wait of a record for others to join its batch. */
  readonly intervalMs: number;
  readonly lockTimeoutMs: number;
  readonly ttlMs: number;
  readonly maxDeliveryCount: number;
}

/** Azure IoT Hub's defaults (devguide-c2d, table "cloud-to-device configuration options"). */
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

/**
 * The local hub's defaults: Azure's, but feedback batches are sent sooner, because people wait for
 * them.
 */
export const LOCAL_DEFAULTS: CloudToDeviceSettings = {
  ...AZURE_DEFAULTS,
  feedback: { ...AZURE_DEFAULTS.feedback, intervalMs: SECOND_MS },
};

/** Number of records that completes a feedback batch at once (devguide-c2d, "Message feedback"). */
export const MAX_FEEDBACK_BATCH_RECORDS = 64;

/** Largest cloud-to-device message, properties included, in bytes (devguide-quotas). */
export const MAX_CLOUD_TO_DEVICE_BYTES = 64 * 1024;

/** Largest device-to-cloud message or batch of them, properties included, in bytes (devguide-quotas). */
export const MAX_DEVICE_TO_CLOUD_BYTES = 256 * 1024;

/** Partitions of the built-in endpoint's event hub (built-in endpoint guide: 4 by default). */
export const PARTITION_COUNT = 4;

/** The consumer group every event hub has (built-in endpoint guide). */
export const DEFAULT_CONSUMER_GROUP = "$Default";

/**
 * Retention of an event hub. A day is Azure's default (built-in endpoint guide); the size limit,
 * which Azure does not have, protects the machine's memory.
 */
export const LOG_LIMITS = { retentionMs: 24 * HOUR_MS, maxBytes: 8 * 1024 * 1024 } as const;

/**
 * Size of an event in addition to its message, in bytes (assumed): it counts against the log's size
 * limit, and gives empty events distinct offsets.
 */
export const EVENT_OVERHEAD_BYTES = 512;

/** Longest device id, in characters (identity registry guide). */
export const MAX_DEVICE_ID_LENGTH = 128;

/** Longest message id, in characters (devguide-messages-construct). */
export const MAX_MESSAGE_ID_LENGTH = 128;

/** Longest silence the hub allows an MQTT client, whatever keep-alive it asked for, in seconds (MQTT guide: 29.45 minutes). */
export const MAX_MQTT_SILENCE_SECONDS = 1767;

/** The hub drops an MQTT client after this many keep-alive intervals without a packet (MQTT 3.1.1, 3.1.2.10). */
export const MQTT_KEEP_ALIVE_GRACE = 1.5;
