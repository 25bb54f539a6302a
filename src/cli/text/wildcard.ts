/** `*` matches any characters, `\*` is a literal one. */

const WILDCARD = /(?<!\\)\*/;

/** In linear time, whatever the pattern. */
export function compileWildcard(pattern: string): (text: string) => boolean {
  const [first = "", ...middle] = pattern.split(WILDCARD).map(unescapeStar);
  const last = middle.pop();
  if (last === undefined) return (text) => text === first;
  return (text) => {
    let from = first.length;
    const end = text.length - last.length;
    if (end < from || !text.startsWith(first) || !text.endsWith(last)) return false;
    for (const part of middle) {
      const at = text.indexOf(part, from);
      if (at < 0) return false;
      from = at + part.length;
    }
    return from <= end;
  };
}

/** The only text that matches; undefined if the pattern has wildcards. */
export function literalOf(pattern: string): string | undefined {
  return WILDCARD.test(pattern) ? undefined : unescapeStar(pattern);
}

function unescapeStar(text: string): string {
  return text.replaceAll("\\*", "*");
}
