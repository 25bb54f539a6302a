/** Texts with `{{name}}` in them. */

/** They alternate: there is one more text than names. */
export interface ParsedTemplate {
  readonly texts: readonly string[];
  readonly names: readonly string[];
}

export type Template<Values> = (values: Values) => string;

/** @param names Regular expressions, without groups. All other braces remain text. */
export function parseTemplate(text: string, names: readonly string[]): ParsedTemplate {
  const parts = text.split(new RegExp(`\\{\\{\\s*(${names.join("|")})\\s*\\}\\}`, "s"));
  return {
    texts: parts.filter((_, index) => index % 2 === 0),
    names: parts.filter((_, index) => index % 2 === 1),
  };
}

/** @param pick What a name becomes. */
export function createTemplate<Values>(
  { texts, names }: ParsedTemplate,
  pick: (name: string) => Template<Values>,
): Template<Values> {
  const [start = "", ...rest] = texts;
  if (names.length === 0) return () => start;
  const picks = names.map(pick);
  return (values) =>
    picks.reduce((filled, pickOne, index) => filled + pickOne(values) + rest[index], start);
}
