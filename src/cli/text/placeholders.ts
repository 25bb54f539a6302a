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

export function fillPlaceholders(text: string, values: PlaceholderValues): string {
  if (!text.includes("{{")) return text;
  return text.replace(PLACEHOLDER, (whole, name: string) => {
    const known = PLACEHOLDERS.find((one) => one === name);
    return known === undefined ? whole : String(values[known]);
  });
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
