import { type Command, Option } from "commander";
import { collect } from "../program/argument-parsers.ts";
import { PLACEHOLDERS } from "../text/placeholders.ts";
import { DEFAULT_CORRELATION_ID, DEFAULT_MESSAGE_ID } from "./message-plan.ts";

export const PLACEHOLDER_LIST = `{{${PLACEHOLDERS.slice(0, 5).join("}}, {{")}}},
  {{${PLACEHOLDERS.slice(5).join("}}, {{")}}}`;

/** @param encoded What `--data-encoding` and `--template` apply to. */
export function addBodyOptions(command: Command, defaultBody: string, encoded = "--data"): Command {
  // Of two long names commander takes the last for the key of the value.
  return command
    .addOption(
      new Option("--da, --data <text>", "message body; - reads stdin").default(
        undefined,
        defaultBody,
      ),
    )
    .option("--dfp, --data-file-path <path>", "send the bytes of this file")
    .addOption(
      new Option("--data-encoding <encoding>", `encoding of ${encoded}`)
        .choices(["utf8", "hex", "base64"])
        .default(undefined, "utf8"),
    )
    .option("--template", `fill in placeholders in ${encoded}, too`)
    .option("--no-template", "do not fill in placeholders");
}

export function addSystemPropertyOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--mid, --message-id <text>", "message id").default(undefined, DEFAULT_MESSAGE_ID),
    )
    .addOption(
      new Option("--cid, --correlation-id <text>", "correlation id").default(
        undefined,
        DEFAULT_CORRELATION_ID,
      ),
    )
    .option("--uid, --user-id <text>", "user id")
    .option(
      "--ct, --content-type <type>",
      "content type; for application/json the body is validated",
    )
    .addOption(
      new Option("--ce, --content-encoding <encoding>", "content encoding").default(
        undefined,
        "utf-8 for text",
      ),
    );
}

export function addPropertyOptions(command: Command): Command {
  return command
    .option("-p, --property <name=value>", "application property (repeatable)", collect)
    .option(
      "--props, --properties <list>",
      "application properties as 'a=b;c=d'; \\; is a literal semicolon",
    );
}
