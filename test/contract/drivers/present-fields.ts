import type { ReceivedMessage } from "../driver.ts";

/** The received system properties, without undefined and empty ones. */
export function presentFields(
  fields: Readonly<Record<string, string | number | undefined>>,
): Partial<ReceivedMessage> {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(present) as Partial<ReceivedMessage>;
}
