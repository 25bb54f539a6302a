/** Folders with a door are imported only through the files that docs/architecture.md lists. */

import { dirname } from "node:path";
import { expect, test } from "vitest";
import { type Import, importsIn } from "./imports.ts";
import { ROOT, section, tableRows } from "./pages.ts";

type Doors = ReadonlyMap<string, readonly string[]>;

function documentedDoors(): Doors {
  const rows = tableRows(section("docs/architecture.md", "Doors")).slice(1);
  return new Map(
    rows.map(([folder = "", files = ""]) => [
      `src/${unquote(folder)}`,
      files.split(", ").map(unquote),
    ]),
  );
}

function unquote(text: string): string {
  return text.replaceAll("`", "");
}

/** For each folder, what the rest of `src` imports from it. */
function usedDoors(imports: readonly Import[]): Doors {
  const doors = new Map<string, Set<string>>();
  for (const [from, to] of imports) {
    for (let folder = dirname(to); folder !== "src"; folder = dirname(folder)) {
      if (from.startsWith(`${folder}/`)) break;
      doors.set(folder, (doors.get(folder) ?? new Set()).add(to.slice(folder.length + 1)));
    }
  }
  return new Map([...doors].map(([folder, files]) => [folder, [...files].sort()]));
}

/** Imports that bypass the door of a folder. */
function bypasses(imports: readonly Import[], doors: Doors): Import[] {
  return imports.filter(([from, to]) =>
    [...doors].some(
      ([folder, files]) =>
        to.startsWith(`${folder}/`) &&
        !from.startsWith(`${folder}/`) &&
        !files.includes(to.slice(folder.length + 1)),
    ),
  );
}

test("folders are imported only through their door", async () => {
  const doors = documentedDoors();
  expect(doors.size).toBeGreaterThan(10);
  expect(bypasses(await importsIn(ROOT), doors)).toEqual([]);
});

test("every door is used", async () => {
  const used = usedDoors(await importsIn(ROOT));
  for (const [folder, files] of documentedDoors()) {
    expect([folder, used.get(folder)]).toEqual([folder, [...files].sort()]);
  }
});

test("an import that bypasses a door is detected", () => {
  const doors = new Map([["src/a", ["door.ts"]]]);
  const inside: Import = ["src/a/door.ts", "src/a/room.ts"];
  const byDoor: Import = ["src/b.ts", "src/a/door.ts"];
  const bypass: Import = ["src/b.ts", "src/a/room.ts"];
  expect(bypasses([inside, byDoor, bypass], doors)).toEqual([bypass]);
});
