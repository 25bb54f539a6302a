import type { BodyPlan } from "../../message/message-plan.ts";
import { UsageError } from "../../terminal/usage-error.ts";
import type { SendFlags } from "../send-flags.ts";
import { type SendOptions, toSendOptions } from "../send-options.ts";
import type { LineForm } from "./parse-body-line.ts";

export interface LineOptions extends Pick<SendOptions, "message" | "warnings"> {
  readonly form: LineForm;
}

const CONFLICTS = [
  ["data", "--data"],
  ["dataFilePath", "--data-file-path"],
  ["from", "--from"],
  ["count", "--count"],
] as const satisfies [keyof SendFlags, string][];

/** @throws UsageError */
export function validateLines(flags: SendFlags): void {
  const given = CONFLICTS.find(([key]) => flags[key] !== undefined);
  if (given !== undefined) {
    throw new UsageError(
      `${given[1]} cannot be combined with --lines, which sends each line of stdin`,
      "Keep one of the two.",
    );
  }
  if (flags.template && (flags.dataEncoding ?? "utf8") !== "utf8") {
    throw new UsageError("--template requires text, not --data-encoding hex or base64");
  }
  validateMessageId(flags);
}

/** Feedback and receivers could not tell the messages apart. */
function validateMessageId({ messageId, template }: SendFlags): void {
  if (template === false) {
    throw new UsageError(
      "--lines needs {{n}} or {{uuid}} in the message id, which --no-template does not fill in",
      "Omit --no-template: the lines themselves are filled in only with --template.",
    );
  }
  if (messageId === undefined || /\{\{\s*(n|uuid)\s*\}\}/.test(messageId)) return;
  throw new UsageError(
    "--message-id would be the same for all lines",
    "Put {{n}} or {{uuid}} into it, or omit it.",
  );
}

/** @throws UsageError */
export function toLineOptions(flags: SendFlags, nowMs: number): LineOptions {
  const form = { encoding: flags.dataEncoding ?? "utf8", isTemplate: flags.template === true };
  const { message, warnings } = toSendOptions(flags, sampleOf(form), nowMs);
  return { message, warnings, form };
}

/** The kind of body decides on the defaults. */
function sampleOf({ encoding, isTemplate }: LineForm): BodyPlan {
  if (encoding !== "utf8") return { type: "bytes", bytes: new Uint8Array() };
  return { type: "text", text: "", isTemplate };
}
