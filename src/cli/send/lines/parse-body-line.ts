import { ClientError } from "../../../client/errors/client-error.ts";
import { parseEncodedBytes } from "../../../core/encodings.ts";
import { MAX_CLOUD_TO_DEVICE_BYTES } from "../../../core/limits.ts";
import type { BodyPlan } from "../../message/message-plan.ts";
import { decodeUtf8 } from "../../text/body-text.ts";
import { findUnknownPlaceholder, PLACEHOLDERS } from "../../text/placeholders.ts";
import { oversizeError } from "../messages/message-size.ts";

export interface LineForm {
  readonly encoding: "utf8" | "hex" | "base64";
  readonly isTemplate: boolean;
}

/** As in other bodies: a line may be longer than what it encodes, which includes white space. */
export const MAX_LINE_BYTES = 4 * MAX_CLOUD_TO_DEVICE_BYTES;

const CARRIAGE_RETURN = 13;

/**
 * Undefined for a blank line.
 *
 * @param line Undefined if it is longer than `MAX_LINE_BYTES`.
 * @returns A ClientError for a line that cannot be sent.
 */
export function parseBodyLine(
  line: Uint8Array | undefined,
  { encoding, isTemplate }: LineForm,
): BodyPlan | ClientError | undefined {
  if (line === undefined) return oversizeError();
  const bytes = line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
  const text = decodeUtf8(bytes);
  if (text?.trim() === "") return undefined;
  if (text === undefined) return refused("is not UTF-8 text", ENCODE);
  const body = encoding === "utf8" ? bytes : parseEncodedBytes(text, encoding);
  if (body === undefined) return refused(`is not valid ${encoding}`, ENCODE);
  if (body.length > MAX_CLOUD_TO_DEVICE_BYTES) return oversizeError();
  return isTemplate ? templateOf(text) : { type: "bytes", bytes: body };
}

const ENCODE = "Encode it, and name the encoding with --data-encoding (utf8, hex or base64).";

function templateOf(text: string): BodyPlan | ClientError {
  const unknown = findUnknownPlaceholder(text);
  if (unknown === undefined) return { type: "text", text, isTemplate: true };
  return refused(
    `contains ${unknown}, which is not a placeholder`,
    `Placeholders: {{${PLACEHOLDERS.join("}}, {{")}}}. Without --template, lines are sent as they are.`,
  );
}

function refused(what: string, hint: string): ClientError {
  return new ClientError("ArgumentInvalid", `The line ${what}.`, { hint });
}
