import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

const documented = matches(
  readFileSync(join(ROOT, "docs/rules.md"), "utf8"),
  /^\| ([a-z0-9-]+) \|.*\| (?:verified|assumed) \|$/gm,
);
const inCode = citedIn("src");
const inTests = citedIn("test");

describe("docs/rules.md", () => {
  it("names each rule once", () => {
    expect(documented).toEqual([...new Set(documented)]);
    expect(documented.length).toBeGreaterThan(0);
  });

  it("has only rules that the code cites", () => {
    expect(documented.filter((id) => !inCode.has(id))).toEqual([]);
  });

  it("has only rules that a test cites", () => {
    expect(documented.filter((id) => !inTests.has(id))).toEqual([]);
  });

  it("documents every rule that code and tests cite", () => {
    const known = new Set(documented);
    expect([...inCode, ...inTests].filter((id) => !known.has(id))).toEqual([]);
  });
});

/** Ids after the word "rule" or "rules", in comments and test titles, separated by commas or "and". */
function citedIn(directory: string): Set<string> {
  const ids = new Set<string>();
  for (const file of readdirSync(join(ROOT, directory), { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts")) continue;
    const text = readFileSync(join(ROOT, directory, file), "utf8").replace(/\s*\n\s*\*?\s*/g, " ");
    for (const [, list = ""] of text.matchAll(
      /\b[Rr]ules? ((?:[a-z0-9]+(?:-[a-z0-9]+)+(?:, | and )?)+)/g,
    )) {
      for (const id of list.split(/, | and /)) if (id !== "") ids.add(id);
    }
  }
  return ids;
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, id = ""]) => id);
}
