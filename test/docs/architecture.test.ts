/** Every file and folder that docs/architecture.md names exists. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT, readPage } from "./pages.ts";

/** Of a home directory. */
const NOT_IN_REPOSITORY = ["hub.json"];

const named = [...readPage("docs/architecture.md").matchAll(/`([\w./-]+(?:\/|\.(?:ts|js|json)))`/g)]
  .map(([, path = ""]) => path)
  .filter((path) => !NOT_IN_REPOSITORY.includes(path));

test("the page mentions paths", () => {
  expect(named.length).toBeGreaterThan(30);
});

test.each([...new Set(named)])("%s", (path) => {
  const places = [join(ROOT, path), join(ROOT, "src", path)];
  expect(places.some((place) => existsSync(place))).toBe(true);
});
