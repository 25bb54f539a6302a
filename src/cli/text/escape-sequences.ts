const CHARACTERS: Readonly<Record<string, string>> = { n: "\n", t: "\t", "0": "\0", "\\": "\\" };

/** For arguments in which a shell makes it hard to type these characters. */
export function unescapeArgument(text: string): string {
  return text.replace(/\\([nt0\\])/g, (_, letter: string) => CHARACTERS[letter] ?? "");
}
