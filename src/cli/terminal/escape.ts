/** Escapes external text, so that it cannot control a terminal or fake a line. */

/** Includes bidirectional overrides. Joiners are kept: emoji and several scripts need them. */
const UNSAFE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const SHORT: Readonly<Record<string, string>> = {
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r",
};

/** Most texts: the test is much faster than the search. */
const PRINTABLE_ASCII = /^[ -~]*$/;

/** The result is always a single line. */
export function escapeLine(text: string): string {
  if (PRINTABLE_ASCII.test(text)) return text;
  return text.replace(UNSAFE, (character) => SHORT[character] ?? toEscape(character));
}

/** Keeps newlines and tabs. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, (character) =>
    character === "\n" || character === "\t"
      ? character
      : (SHORT[character] ?? toEscape(character)),
  );
}

function toEscape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return code > 0xffff ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
}
