/** Of two sibling folders, at most one imports the other. */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../support/local-hub.ts";
import { type Import, importsIn } from "./imports.ts";
import { ROOT } from "./pages.ts";

/** The closest common folder, and the names of both in it. */
function inCommonFolder([from, to]: Import): { folder: string; from: string; to: string } {
  const [left, right] = [from.split("/"), to.split("/")];
  let depth = 0;
  while (left[depth] === right[depth]) depth += 1;
  const folder = left.slice(0, depth).join("/");
  return { folder, from: left[depth] ?? "", to: right[depth] ?? "" };
}

/** Folders that import themselves by way of their siblings. */
function findCircles(imports: readonly Import[]): string[] {
  const neighbours = new Map<string, Set<string>>();
  for (const one of imports) {
    const { folder, from, to } = inCommonFolder(one);
    const key = join(folder, from);
    neighbours.set(key, (neighbours.get(key) ?? new Set()).add(join(folder, to)));
  }
  const reachesItself = (start: string): boolean => {
    const waiting = [...(neighbours.get(start) ?? [])];
    const seen = new Set<string>();
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (next === start) return true;
      if (!seen.has(next)) waiting.push(...(neighbours.get(next) ?? []));
      seen.add(next);
    }
    return false;
  };
  return [...neighbours.keys()].filter((key) => !key.endsWith(".ts") && reachesItself(key));
}

test("no two sibling folders of src import each other, directly or through other siblings", async () => {
  const imports = await importsIn(ROOT);
  expect(imports.length).toBeGreaterThan(500);
  expect(findCircles(imports)).toEqual([]);
});

test("no folder of src has more than 20 files of its own", async () => {
  const files = new Map<string, number>();
  for (const path of new Set((await importsIn(ROOT)).flat())) {
    const folder = dirname(path);
    files.set(folder, (files.get(folder) ?? 0) + 1);
  }
  expect([...files].filter(([, count]) => count > 20)).toEqual([]);
});

test("a circular import of folders is detected, even of types only", async () => {
  const root = temporaryDirectory();
  const write = (path: string, text: string): void => {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write("src/a/one.ts", 'import "../b/two.ts";\nexport type One = 1;\n');
  write("src/b/two.ts", 'import "../beside.ts";\n');
  write("src/beside.ts", "export {};\n");
  expect(findCircles(await importsIn(root))).toEqual([]);
  write("src/beside.ts", 'import type { One } from "./a/one.ts";\nexport type { One };\n');
  expect(findCircles(await importsIn(root))).toEqual(["src/a", "src/b"]);
});
