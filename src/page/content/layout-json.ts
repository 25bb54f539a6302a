/** Lays out JSON without changing a token of it: numbers keep all of their digits. */

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** What is nested deeper would be mostly indentation. */
const DEEPEST_INDENT = 24;

/** @returns undefined if it is not JSON. */
export function layoutJson(text: string): string | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  return indentTokens(text.match(TOKEN) ?? []);
}

function indentTokens(tokens: readonly string[]): string {
  const parts: string[] = [];
  let depth = 0;
  const breakLine = (): void => {
    parts.push("\n", "  ".repeat(Math.min(depth, DEEPEST_INDENT)));
  };
  tokens.forEach((token, index) => {
    const isEmpty = isOpening(token) && isClosing(tokens[index + 1]);
    if (isClosing(token)) {
      depth -= 1;
      if (!isOpening(tokens[index - 1])) breakLine();
    }
    parts.push(token === ":" ? ": " : token);
    if (isOpening(token)) depth += 1;
    if (token === "," || (isOpening(token) && !isEmpty)) breakLine();
  });
  return parts.join("");
}

function isOpening(token: string | undefined): boolean {
  return token === "{" || token === "[";
}

function isClosing(token: string | undefined): boolean {
  return token === "}" || token === "]";
}
