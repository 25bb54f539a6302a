/** docs/terminals.svg is up to date. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../support/local-hub.ts";
import { ROOT, readPage } from "./pages.ts";

test("README shows docs/terminals.svg, which `npm run picture` regenerates", () => {
  expect(readPage("README.md")).toContain("](docs/terminals.svg)");
  const path = join(temporaryDirectory(), "terminals.svg");
  execFileSync(process.execPath, [join(ROOT, "scripts/picture.mjs"), path]);
  expect(readFileSync(path, "utf8")).toBe(readPage("docs/terminals.svg"));
});
