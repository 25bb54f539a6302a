/** Words of a command line for sh, bash and zsh. */

const SAFE = /^[\w./:@%+,-][\w./:@%+,=-]*$/;

/** Typed into a terminal, these would edit the line. A newline in quotes only continues it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]+/g;

/** One word, whatever the text holds; NUL cannot be part of any. */
export function shellWord(text: string): string {
  if (SAFE.test(text)) return text;
  const quoted = text
    .replaceAll("'", "'\\''")
    .replace(CONTROL, (characters) => `'"$(printf '${toOctal(characters)}')"'`);
  return `'${quoted}'`;
}

function toOctal(characters: string): string {
  return [...new TextEncoder().encode(characters)]
    .map((byte) => `\\${byte.toString(8).padStart(3, "0")}`)
    .join("");
}
