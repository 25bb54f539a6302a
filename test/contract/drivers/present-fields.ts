import type { ReceivedMessage } from "../driver.ts";

/** System properties that arrived: what is undefined or empty is left out. */
export function presentFields(
  fields: Readonly<Record<string, string | number | undefined>>,
): Partial<ReceivedMessage> {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(present) as Partial<ReceivedMessage>;
}
