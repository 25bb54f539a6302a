import { type Command, Option } from "commander";
import { listTemplateNames } from "../text/record-template.ts";

export interface FormatFlags {
  readonly format?: string;
  readonly raw?: true;
  readonly separator?: string;
}

/** @param what What a line is for: "message". */
export function addFormatOption(command: Command, what: string): Command {
  return command.option(
    "--format <template>",
    `print one line for each ${what}, such as '{{deviceId}}\\t{{json}}' (see below)`,
  );
}

export function addRawOptions(command: Command): Command {
  return command
    .option("--raw", "print only the bytes of each body")
    .addOption(
      new Option("--separator <text>", "text printed after each body, '' for nothing").default(
        undefined,
        "\\n",
      ),
    );
}

/** For `--help`. */
export function describeTemplate(keys: readonly string[]): string {
  const names = listTemplateNames(keys).map((name) => `{{${name}}}`);
  const list = names.join(" ").replace(/(.{1,78})(?: |$)/g, "  $1\n");
  return `
With --format, these are filled in with the values that -o json prints; \\n, \\t
and \\0 are a newline, a tab and a NUL, and \\\\ is a backslash:
${list}A value that is not text is printed as JSON, a missing one as nothing.
`;
}
