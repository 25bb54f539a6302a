/** Parsers of option values; errors end with exit code 2. */

import { InvalidArgumentError } from "commander";
import { validateDeviceId } from "../../core/device-identity.ts";
import {
  CONSUMER_GROUP_RANGE,
  COUNT_RANGE,
  HOST_NAME_RANGE,
  type OptionRange,
} from "../../core/hub-options.ts";
import { DURATION_FORMS, parseDuration } from "../text/duration.ts";

export function wholeNumberIn(range: OptionRange): (text: string) => number {
  return (text) => requireInRange(/^\d+$/.test(text) ? Number(text) : Number.NaN, range);
}

/** 1 or more. */
export const parseCount = wholeNumberIn(COUNT_RANGE);

/** Milliseconds. */
export function parseDurationArgument(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError(`It must be ${DURATION_FORMS}.`);
  return ms;
}

/** Milliseconds. */
export function durationIn(range: OptionRange): (text: string) => number {
  return (text) => requireInRange(parseDurationArgument(text), range);
}

/** Milliseconds, not 0. */
export function parsePositiveDuration(text: string): number {
  const ms = parseDurationArgument(text);
  if (ms === 0) throw new InvalidArgumentError("It must be greater than 0.");
  return ms;
}

export function collectDeviceId(
  text: string,
  previous: readonly string[] | undefined,
): readonly string[] {
  try {
    validateDeviceId(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
  return collect(text, previous);
}

export function collectHostName(
  text: string,
  previous: readonly string[] | undefined,
): readonly string[] {
  return collect(requireInRange(text, HOST_NAME_RANGE), previous);
}

export function collectConsumerGroup(
  text: string,
  previous: readonly string[] | undefined,
): readonly string[] {
  return collect(parseConsumerGroup(text), previous);
}

export function parseConsumerGroup(text: string): string {
  return requireInRange(text, CONSUMER_GROUP_RANGE);
}

function requireInRange<T>(value: T, range: OptionRange): T {
  if (range.includes(value)) return value;
  throw new InvalidArgumentError(`It must be ${range.text}.`);
}

/** For a repeatable option. */
export function collect(text: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), text];
}
