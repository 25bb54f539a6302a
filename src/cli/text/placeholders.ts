import { createTemplate, parseTemplate, type Template } from "./template.ts";

export interface PlaceholderValues {
  /** 0-based, counting over all devices. */
  readonly n: number;
  readonly run: string;
  readonly uuid: string;
  readonly iso: string;
  readonly epochMs: number;
  readonly deviceId: string;
  readonly windSpeed: string;
}

export const PLACEHOLDERS = [
  "n",
  "run",
  "uuid",
  "iso",
  "epochMs",
  "deviceId",
  "windSpeed",
] as const satisfies (keyof PlaceholderValues)[];

/** Unknown placeholders stay as they are. */
export function compileTemplate(text: string): Template<PlaceholderValues> {
  return createTemplate(
    parseTemplate(text, PLACEHOLDERS),
    (name) => (values) => String(values[name as keyof PlaceholderValues]),
  );
}

export function findUnknownPlaceholder(text: string): string | undefined {
  const { names } = parseTemplate(text, ["[A-Za-z]+"]);
  const unknown = names.find((name) => !PLACEHOLDERS.some((one) => one === name));
  return unknown && `{{${unknown}}}`;
}

/** 12.00 to 16.00, as in the tutorial. */
export function makeWindSpeed(random: () => number): string {
  return (10 + random() * 4 + 2).toFixed(2);
}
