/** The settings table, docs/configuration.md and the other pages name the same environment variables. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { longFlag, SETTING_KEYS, settingOf } from "../../src/config/settings.ts";
import { PAGES, ROOT, readPage, tableRows } from "./pages.ts";

const OURS = /\b(?:C2D|IOTHUB|EVENTHUB|PATH_TO|KEY_PASSPHRASE)_[A-Z_]+\b/g;

const ofSettings = SETTING_KEYS.flatMap((key) => settingOf(key).variable ?? []);
const ofEnv =
  readFileSync(join(ROOT, "src/cli/hub/env/env.ts"), "utf8").match(/\b[A-Z][A-Z0-9_]{5,}\b/g) ?? [];
/** Read by tests only. */
const OF_TESTS = ["C2D_LIVE_CONNECTION_STRING"];

const rows = tableRows(readPage("docs/configuration.md"));

describe("docs/configuration.md", () => {
  test("lists every variable of the settings with its flag", () => {
    for (const key of SETTING_KEYS) {
      const { variable } = settingOf(key);
      if (variable === undefined) continue;
      const row = rows.find(([, variables = ""]) => names(variables).includes(variable));
      expect(row, variable).toBeDefined();
      const flag = longFlag(key);
      if (flag !== undefined) expect(row?.[0], variable).toContain(`\`${flag}\``);
    }
  });

  test("lists every flag of the settings", () => {
    const flags = SETTING_KEYS.flatMap((key) => longFlag(key) ?? []);
    const shown = rows.map(([cell = ""]) => cell).join(" ");
    expect(flags.filter((flag) => !shown.includes(`\`${flag}\``))).toEqual([]);
  });

  test("lists no other variables", () => {
    const shown = rows.flatMap(([, variables = ""]) => names(variables));
    expect(shown.filter((name) => !ofSettings.includes(name))).toEqual([]);
  });
});

test.each([...PAGES, ".env.example"])("%s mentions only variables that exist", (page) => {
  const known = [...ofSettings, ...ofEnv, ...OF_TESTS];
  expect(names(readPage(page)).filter((name) => !known.includes(name))).toEqual([]);
});

function names(text: string): string[] {
  return text.match(OURS) ?? [];
}
