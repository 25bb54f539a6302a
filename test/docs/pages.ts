/** Reads the documentation pages and the commands they show. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

/** README and the pages it links to. */
export const PAGES: readonly string[] = [
  "README.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

export function readPage(page: string): string {
  return readFileSync(join(ROOT, page), "utf8");
}

/** Code blocks in one of the languages. */
export function codeBlocks(page: string, languages: readonly string[]): readonly string[] {
  const blocks = readPage(page).matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm);
  return [...blocks].flatMap(([, language = "", code = ""]) =>
    languages.includes(language) ? [code] : [],
  );
}

/** The text from a heading to the next one. */
export function section(page: string, heading: string): string {
  const [, text] = readPage(page).split(`\n## ${heading}\n`);
  if (text === undefined) throw new Error(`${page} has no section '${heading}'`);
  return text.split("\n## ")[0] ?? "";
}

/** The cells of each row of each table, including backticks. */
export function tableRows(markdown: string): readonly (readonly string[])[] {
  return markdown
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("|---"))
    .map((line) => line.slice(2, -2).split(" | "));
}

/** Every command of ours on a page, in a block or inline. */
export function shownCommands(page: string): readonly string[] {
  const blocks = codeBlocks(page, ["sh", "console", "yaml"])
    .join("\n")
    .replace(/\\\n\s*/g, "");
  const prose = readPage(page).replace(/^```[\s\S]*?^```$/gm, "");
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = ""]) => span);
  const lines = [...blocks.split("\n"), ...spans].map((line) => line.replace(/<(\w+)>/g, "$1"));
  return lines.flatMap((line) =>
    [
      ...line.matchAll(
        /(?:^|[|;&(\s]|\$\()\s*(c2d-(?:device|send|hub)\b(?!\.)(?:'[^']*'|"[^"]*"|[^|;&)>#'"])*)/g,
      ),
    ].map(([, command = ""]) => command.trim()),
  );
}
