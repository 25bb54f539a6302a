/** Links between the pages lead to files and headings that exist. */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { PAGES, ROOT, readPage } from "./pages.ts";

test.each([...PAGES, "CONTRIBUTING.md", "SECURITY.md"])("%s", (page) => {
  const links = [...readPage(page).matchAll(/\]\((?!https?:)([^)]+)\)/g)];
  expect(links.map(([, link = ""]) => link).filter((link) => !leadsSomewhere(page, link))).toEqual(
    [],
  );
});

function leadsSomewhere(page: string, link: string): boolean {
  const [file = "", heading] = link.split("#");
  const path = file === "" ? join(ROOT, page) : join(ROOT, dirname(page), file);
  if (!existsSync(path)) return false;
  return heading === undefined || headingsOf(readFileSync(path, "utf8")).includes(heading);
}

/** As GitHub names them. */
function headingsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) =>
    text
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}
