import { X509Certificate } from "node:crypto";
import { type Clock, systemClock } from "../async/clock.ts";
import { HUB_OPTION_RANGES, listOf, type OptionRange } from "../core/hub-options.ts";
import { type CloudToDeviceSettings, LOCAL_DEFAULTS } from "../core/limits.ts";

/**
 * Every option has a default. Durations are whole milliseconds, from 1 ms to 36,500 days. An unknown
 * option, or a value out of range, is refused with InvalidOptionError.
 */
export interface LocalHubOptions {
  /** Ids of devices to create. */
  readonly devices?: readonly string[];
  /**
   * Keeps keys, registry and queues in this directory, which is created if missing, for the next hub
   * that has it; one hub at a time. It is what `C2D_HOME` is to the commands. Default: in memory.
   */
  readonly directory?: string;
  /** 0 to 65535. Default 0: any free port. */
  readonly port?: number;
  /** Serves a web page on which people can watch the hub. Default false. */
  readonly ui?: boolean;
  /** Port of the page, 0 to 65535, always on 127.0.0.1. Default 0: any free port. */
  readonly uiPort?: number;
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /** Additional host names; the certificate contains them. */
  readonly hostNames?: readonly string[];
  /** Time to live of a message without an expiry. Default 1 hour. */
  readonly defaultTtlMs?: number;
  /** Abandons after which a message is dead-lettered, 1 or more. Default 10. */
  readonly maxDeliveryCount?: number;
  /** Time a device has to settle a message before it is delivered again. Default 60 s. */
  readonly lockTimeoutMs?: number;
  /** Messages that one device may have queued, 1 or more. Default 50. */
  readonly queueDepth?: number;
  /** Time to collect feedback records for a batch, from 0. Default 1 s; 15 s on Azure. */
  readonly feedbackIntervalMs?: number;
  /** CA certificates (PEM); devices may sign in with certificates that they issued. */
  readonly deviceAuthorities?: readonly string[];
  /** Consumer groups of the event hub, in addition to `$Default`. */
  readonly consumerGroups?: readonly string[];
  /** Default: the system clock. A `ManualClock` advances only on request. */
  readonly clock?: Clock;
}

export const DEFAULT_HOST = "127.0.0.1";

const AUTHORITY_RANGE: OptionRange = {
  text: "a CA certificate in PEM format",
  includes: isAuthorityCertificate,
  isHidden: true,
};

export const LOCAL_HUB_OPTION_RANGES: Readonly<Record<keyof LocalHubOptions, OptionRange>> = {
  ...HUB_OPTION_RANGES,
  deviceAuthorities: listOf(AUTHORITY_RANGE),
};

export function resolveOptions(options: LocalHubOptions) {
  const { host = DEFAULT_HOST, hostNames = [], clock = systemClock } = options;
  const { consumerGroups = [], deviceAuthorities = [], devices = [] } = options;
  const { feedback } = LOCAL_DEFAULTS;
  const settings: CloudToDeviceSettings = {
    defaultTtlMs: options.defaultTtlMs ?? LOCAL_DEFAULTS.defaultTtlMs,
    maxDeliveryCount: options.maxDeliveryCount ?? LOCAL_DEFAULTS.maxDeliveryCount,
    lockTimeoutMs: options.lockTimeoutMs ?? LOCAL_DEFAULTS.lockTimeoutMs,
    queueDepth: options.queueDepth ?? LOCAL_DEFAULTS.queueDepth,
    feedback: { ...feedback, intervalMs: options.feedbackIntervalMs ?? feedback.intervalMs },
  };
  return { host, hostNames, deviceAuthorities, devices, consumerGroups, clock, settings };
}

function isAuthorityCertificate(value: unknown): boolean {
  if (typeof value !== "string") return false;
  try {
    return new X509Certificate(value).ca;
  } catch {
    return false;
  }
}
