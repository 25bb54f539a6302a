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

const PLACEHOLDER = /\{\{\s*([A-Za-z]+)\s*\}\}/g;
const KNOWN_PLACEHOLDER = new RegExp(`\\{\\{\\s*(${PLACEHOLDERS.join("|")})\\s*\\}\\}`);

export type Template = (values: PlaceholderValues) => string;

/** Unknown placeholders stay as they are. */
export function compileTemplate(text: string): Template {
  // Texts and names in turn, from a text to a text.
  const parts = text.split(KNOWN_PLACEHOLDER);
  if (parts.length === 1) return () => text;
  return (values) => {
    let filled = "";
    for (const [index, part] of parts.entries()) {
      filled += index % 2 === 0 ? part : values[part as keyof PlaceholderValues];
    }
    return filled;
  };
}

export function findUnknownPlaceholder(text: string): string | undefined {
  for (const [whole, name] of text.matchAll(PLACEHOLDER)) {
    if (!PLACEHOLDERS.some((one) => one === name)) return whole;
  }
  return undefined;
}

/** 12.00 to 16.00, as in the tutorial. */
export function makeWindSpeed(random: () => number): string {
  return (10 + random() * 4 + 2).toFixed(2);
}
