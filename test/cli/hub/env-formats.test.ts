/** The variables of `c2d-hub env`, read by the shells that they are for. */

import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { ENV_FORMATS, formatVariables } from "../../../src/cli/hub/env/env-formats.ts";

const VALUE = "it's \"a\" \\ b\\' $HOME `id` $(id) ;&# *";

/** What a shell prints after it has read the variable. */
function readIn(shell: string, format: "sh" | "fish"): string {
  const lines = formatVariables({ C2D_TEST: VALUE }, format);
  return spawnSync(shell, ["-c", `${lines}printenv C2D_TEST`], { encoding: "utf8" }).stdout;
}

test("sh reads what was written", () => {
  expect(readIn("sh", "sh")).toBe(`${VALUE}\n`);
});

const hasFish = spawnSync("fish", ["--version"]).status === 0;
if (!hasFish) console.warn("SKIPPED: fish is not installed, its variables are not checked.");

test.skipIf(!hasFish)("fish reads what was written", () => {
  expect(readIn("fish", "fish")).toBe(`${VALUE}\n`);
});

test("a quote is doubled for PowerShell, a typographic one, too", () => {
  const variables = { A: "x=1;y", B: "it's \u2018so\u2019 \u201b$HOME" };
  expect(formatVariables(variables, "powershell")).toBe(
    "$env:A = 'x=1;y'\n$env:B = 'it''s \u2018\u2018so\u2019\u2019 \u201b\u201b$HOME'\n",
  );
});

test.each(ENV_FORMATS)("%s has every variable", (format) => {
  const text = formatVariables({ IOTHUB_CA_FILE: "a", SSL_CERT_FILE: "b" }, format);
  for (const name of ["IOTHUB_CA_FILE", "SSL_CERT_FILE"]) expect(text).toContain(name);
});
