import type { ReceivedMessage } from "../../../client/connection/device-connection.ts";
import { escapeLine } from "../../terminal/escape.ts";
import type { Reporter } from "../../terminal/reporter.ts";

export function warnOfMalformed({ malformed }: ReceivedMessage, reporter: Reporter): void {
  if (malformed.length === 0) return;
  const parts = malformed.map((part) => `'${escapeLine(part)}'`).join(", ");
  reporter.warn(`a property could not be decoded and is shown as received: ${parts}`);
}
