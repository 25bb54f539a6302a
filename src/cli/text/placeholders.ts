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
  const [start = "", ...rest] = text.split(KNOWN_PLACEHOLDER);
  if (rest.length === 0) return () => text;
  return (values) => {
    let filled = start;
    for (let i = 0; i < rest.length; i += 2) {
      filled += values[rest[i] as keyof PlaceholderValues];
      filled += rest[i + 1];
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
