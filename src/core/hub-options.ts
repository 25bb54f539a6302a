/** One table of valid values, for the library and for `c2d-hub start`. */

export interface OptionRange {
  /** Completes "It must be ...". */
  readonly text: string;
  includes(value: unknown): boolean;
  /** Of each item of a list, or of each value of an object. */
  readonly items?: OptionRange;
  /** The value may contain a secret by mistake: it is never shown. */
  readonly isHidden?: true;
}

const MAX_PORT = 65_535;

/** Keeps an expiry within the range of Date. */
const MAX_DURATION_DAYS = 36_500;
const DAY_MS = 86_400_000;

export const COUNT_RANGE: OptionRange = {
  text: "a whole number, 1 or more",
  includes: (value) => isWholeNumber(value, 1, Number.MAX_SAFE_INTEGER),
};

export const DURATION_RANGE = durationFrom(1);

export const HOST_NAME_RANGE: OptionRange = {
  text: "a host name, such as myhub.azure-devices.net",
  includes: (value) => matches(value, /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i),
};

/** Event Hubs, "Naming rules and restrictions". */
export const CONSUMER_GROUP_RANGE: OptionRange = {
  text: "1 to 50 letters, digits, '.', '-' and '_', with a letter or digit at either end",
  includes: (value) => matches(value, /^[a-z0-9$]([a-z0-9._-]{0,48}[a-z0-9])?$/i),
};

/** By option name in the library; durations in milliseconds. */
export const HUB_OPTION_RANGES = {
  devices: listOf({ text: "a device id", includes: (value) => typeof value === "string" }),
  directory: { text: "the path of a directory", includes: (value) => matches(value, /./) },
  port: {
    text: `a whole number from 0 to ${MAX_PORT}`,
    includes: (value) => isWholeNumber(value, 0, MAX_PORT),
  },
  ui: { text: "true or false", includes: (value) => typeof value === "boolean" },
  uiPort: {
    text: `a whole number from 0 to ${MAX_PORT}`,
    includes: (value) => isWholeNumber(value, 0, MAX_PORT),
  },
  host: { text: "an address to listen on", includes: (value) => matches(value, /./) },
  hostNames: listOf(HOST_NAME_RANGE),
  defaultTtlMs: DURATION_RANGE,
  maxDeliveryCount: COUNT_RANGE,
  lockTimeoutMs: DURATION_RANGE,
  queueDepth: COUNT_RANGE,
  /** 0: each record is sent at once. */
  feedbackIntervalMs: durationFrom(0),
  consumerGroups: listOf(CONSUMER_GROUP_RANGE),
  clock: { text: "a clock with nowMs() and setTimer()", includes: isClock },
} as const satisfies Record<string, OptionRange>;

/** An unknown option, or an option with an invalid value. */
export class InvalidOptionError extends Error {
  override readonly name = "InvalidOptionError";
  /** With an index for an item of a list, and a name for a value of an object. */
  readonly option: string;
  /** Absent for an unknown option, and if it may contain a secret. */
  readonly value?: unknown;
  /** The valid values, in words. */
  readonly range: string;

  constructor(option: string, range: string, message: string, value?: unknown) {
    super(message);
    this.option = option;
    this.range = range;
    if (value !== undefined) this.value = value;
  }
}

/** @throws InvalidOptionError; an option that is undefined counts as absent. */
export function validateOptions(
  options: object,
  ranges: Readonly<Record<string, OptionRange>>,
): void {
  if (typeof options !== "object" || options === null) {
    throw invalidOption("options", { text: "an object", includes: () => false }, options);
  }
  for (const [option, value] of Object.entries(options)) {
    const range = Object.hasOwn(ranges, option) ? ranges[option] : undefined;
    if (range === undefined) throw unknownOption(option, Object.keys(ranges));
    if (value !== undefined) requireInRange(option, range, value);
  }
}

/** @throws InvalidOptionError */
export function requireInRange(option: string, range: OptionRange, value: unknown): void {
  if (!range.includes(value)) throw invalidOption(option, range, value);
  const { items } = range;
  if (items === undefined) return;
  const isList = Array.isArray(value);
  for (const [key, item] of isList ? value.entries() : Object.entries(value as object)) {
    requireInRange(isList ? `${option}[${key}]` : `${option}.${key}`, items, item);
  }
}

function unknownOption(option: string, known: readonly string[]): InvalidOptionError {
  const range = `one of ${known.join(", ")}`;
  return new InvalidOptionError(
    option,
    range,
    `Unknown option '${option}'. The options are ${known.join(", ")}.`,
  );
}

function invalidOption(
  option: string,
  { text, isHidden }: OptionRange,
  value: unknown,
): InvalidOptionError {
  const what = isHidden ? "has an invalid value" : `is ${describeValue(value)}`;
  const message = `Option '${option}' ${what}. It must be ${text}.`;
  return new InvalidOptionError(option, text, message, isHidden ? undefined : value);
}

/** Objects are described by type only: their content may be private. */
function describeValue(value: unknown): string {
  if (typeof value === "string") return `'${value}'`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

function durationFrom(minMs: number): OptionRange {
  return {
    text: `a duration from ${minMs} ms to ${MAX_DURATION_DAYS} days, in whole milliseconds`,
    includes: (value) => isWholeNumber(value, minMs, MAX_DURATION_DAYS * DAY_MS),
  };
}

export function listOf(items: OptionRange): OptionRange {
  return { text: `a list in which each item is ${items.text}`, includes: Array.isArray, items };
}

function isWholeNumber(value: unknown, min: number, max: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
}

function matches(value: unknown, pattern: RegExp): boolean {
  return typeof value === "string" && pattern.test(value);
}

function isClock(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { nowMs, setTimer } = value as Record<string, unknown>;
  return typeof nowMs === "function" && typeof setTimer === "function";
}
