/** Help is laid out for 80 columns; in a narrower terminal, descriptions stand below their terms. */

export const HELP_COLUMNS = 80;

/** Of a description below its term. */
const DEEPER = "    ";

/** `  --flag  what it does`, and the lines that follow it in the second column. */
const ITEM = /^( {2,6})(\S.*?) {2,}(\S.*(?:\n {8,}\S.*)*)$/gm;

/** Lines of text that belong together. What follows a colon is a list. */
const PARAGRAPH = /^\S.*(?:\n\S.*)*(?:(?<!:)\n {2}\w.*)*$/gm;

const COMMENT = /^( {2}# )(.*)$/gm;

/** Examples stay as they are, to be copied. */
export function fitHelp(text: string, columns: number): string {
  if (columns >= HELP_COLUMNS) return text;
  return text
    .replace(PARAGRAPH, (paragraph) => wrap(joinLines(paragraph), columns, ""))
    .replace(ITEM, (item, indent: string, term: string, description: string) =>
      term.startsWith("$") || term.startsWith("#")
        ? item
        : `${wrap(indent + term, columns, indent + DEEPER)}\n${wrap(
            indent + DEEPER + joinLines(description),
            columns,
            indent + DEEPER,
          )}`,
    )
    .replace(COMMENT, (comment, start: string) => wrap(comment, columns, start))
    .replace(/^ {2}[^\s#$].*$/gm, (line) => wrap(line, columns, "  "));
}

function joinLines(text: string): string {
  return text.replace(/\n\s*/g, " ");
}

/** @param indent Before every line but the first, which has its own. */
function wrap(text: string, columns: number, indent: string): string {
  const start = /^\s*/.exec(text)?.[0] ?? "";
  const lines: string[] = [];
  let line = start;
  for (const word of text.trim().split(/ +/)) {
    const isFirst = line.trim() === "" || line === indent;
    if (!isFirst && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = indent + word;
    } else {
      line += isFirst ? word : ` ${word}`;
    }
  }
  return [...lines, line].join("\n");
}
