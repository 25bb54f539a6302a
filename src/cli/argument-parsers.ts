/** Texts of the command line to values, refused in commander's way: exit code 2. */

import { InvalidArgumentError } from "commander";
import { validateDeviceId } from "../core/device-identity.ts";
import { DURATION_FORMS, parseDuration } from "./duration.ts";

/** 1 or more. */
export function parseCount(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count < 1 || !Number.isSafeInteger(count)) {
    throw new InvalidArgumentError("It must be a whole number, 1 or more.");
  }
  return count;
}

/** Milliseconds. */
export function parseDurationArgument(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError(`It must be ${DURATION_FORMS}.`);
  return ms;
}

/** Milliseconds, not 0. */
export function parsePositiveDuration(text: string): number {
  const ms = parseDurationArgument(text);
  if (ms === 0) throw new InvalidArgumentError("It must be longer than 0.");
  return ms;
}

/** For a repeatable option of device ids. */
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

/** For a repeatable option of host names, without ports. */
export function collectHostName(
  text: string,
  previous: readonly string[] | undefined,
): readonly string[] {
  if (/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i.test(text)) return collect(text, previous);
  throw new InvalidArgumentError("It must be a host name, such as myhub.azure-devices.net.");
}

/** For a repeatable option of consumer groups. */
export function collectConsumerGroup(
  text: string,
  previous: readonly string[] | undefined,
): readonly string[] {
  return collect(parseConsumerGroup(text), previous);
}

/** Names of consumer groups (Event Hubs, "Naming rules and restrictions"). */
export function parseConsumerGroup(text: string): string {
  if (/^[a-z0-9$]([a-z0-9._-]{0,48}[a-z0-9])?$/i.test(text)) return text;
  throw new InvalidArgumentError(
    "It must have 1 to 50 letters, digits, '.', '-' and '_', a letter or digit at either end.",
  );
}

/** For a repeatable option. */
export function collect(text: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), text];
}
