/** docs/errors.md lists every error name of the commands, with its exit code. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EXIT_CODES, exitCodeOf } from "../../src/cli/terminal/exit-code.ts";
import { ClientError, type ClientErrorName } from "../../src/client/errors/client-error.ts";
import { HUB_ERRORS } from "../../src/core/hub-error.ts";
import * as library from "../../src/index.ts";
import { ROOT, readPage, tableRows } from "./pages.ts";

const documented = new Map(
  tableRows(readPage("docs/errors.md"))
    .filter(([name = ""]) => name.startsWith("`"))
    .map(([name = "", code]) => [name.replaceAll("`", ""), Number(code)]),
);

/** Never printed: the reader has closed the stream, or ExecFailed is. */
const SILENT = ["OutputClosedError", "ExecStop"];

test("every error name is documented, with its exit code", () => {
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(namesOfCode()));
});

test("every name is documented once, with its meaning and a next step", () => {
  const rows = tableRows(readPage("docs/errors.md")).filter(([name = ""]) => name.startsWith("`"));
  expect(rows).toHaveLength(documented.size);
  for (const row of rows) {
    expect(row, row[0]).toHaveLength(4);
    expect(
      row.every((cell) => cell.trim() !== ""),
      row[0],
    ).toBe(true);
  }
});

function namesOfCode(): Map<string, number> {
  const names = new Map<string, number>();
  for (const [name, { exitCode }] of Object.entries(HUB_ERRORS)) names.set(name, exitCode);
  for (const name of quotedIn("client/errors/client-error.ts")) {
    names.set(name, exitCodeOf(new ClientError(name as ClientErrorName, "")));
  }
  for (const [, name = "", key = ""] of source("cli/terminal/exit-code.ts").matchAll(
    /^ {2}([A-Z]\w+): EXIT_CODES\.(\w+),$/gm,
  )) {
    names.set(name, codeOfKey(key));
  }
  const cli = sourcesOf("cli");
  // Names given directly in a report.
  for (const [, key = "", name = ""] of cli.matchAll(
    /code: EXIT_CODES\.(\w+),\s*name: "([A-Z]\w+)"/g,
  )) {
    names.set(name, codeOfKey(key));
  }
  for (const [, name = ""] of (cli + sourcesOf("config")).matchAll(
    /override readonly name = "([A-Z]\w+)"/g,
  )) {
    if (!SILENT.includes(name)) names.set(name, CODES_OF_CLASSES[name] ?? EXIT_CODES.unexpected);
  }
  for (const name of libraryErrors()) names.set(name, names.get(name) ?? EXIT_CODES.unexpected);
  return names;
}

/** Exported error classes with a fixed name. */
function libraryErrors(): readonly string[] {
  const classes = Object.values(library).filter(
    (value) => typeof value === "function" && value.prototype instanceof Error,
  );
  return classes.map(({ name }) => name).filter((name) => !CLASSES_OF_SEVERAL_NAMES.includes(name));
}

const CLASSES_OF_SEVERAL_NAMES = ["HubError", "HomeError", "StoreError"];

const CODES_OF_CLASSES: Readonly<Record<string, number>> = {
  UsageError: EXIT_CODES.usage,
  ConfigurationError: EXIT_CODES.configuration,
};

function codeOfKey(key: string): number {
  return EXIT_CODES[key as keyof typeof EXIT_CODES];
}

function quotedIn(path: string): readonly string[] {
  return [...source(path).matchAll(/"([A-Z][a-z]\w+)"/g)].map(([, name = ""]) => name);
}

function source(path: string): string {
  return readFileSync(join(ROOT, "src", path), "utf8");
}

function sourcesOf(directory: string): string {
  return readdirSync(join(ROOT, "src", directory), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => source(join(directory, name)))
    .join("\n");
}
