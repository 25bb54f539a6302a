/** Text from outside, with what cannot be seen made visible; rendered as text nodes only. */

/** Joiners are kept: emoji and several scripts need them. */
const INVISIBLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const SHORT: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** In one line. */
export function visibleLine(text: string): string {
  return text.replace(INVISIBLE, (character) => SHORT[character] ?? toEscape(character));
}

/** Keeps newlines and tabs. */
export function visibleText(text: string): string {
  return text.replace(INVISIBLE, (character) =>
    character === "\n" || character === "\t"
      ? character
      : (SHORT[character] ?? toEscape(character)),
  );
}

function toEscape(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
}
