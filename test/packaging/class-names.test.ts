/** Bundling must not rename a class whose name a package compares. */

import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { packageFile } from "../../src/package-file.ts";

const FILES = readdirSync(packageFile("dist")).filter((name) => /\.c?js$/.test(name));
const CODE = FILES.map((name) => readFileSync(packageFile(`dist/${name}`), "utf8")).join("\n");

/** Compared by switch, in `amqp_common_errors.js`, and by us, in `hub-refusal.ts`. */
const BY_TABLE = [
  "MessageTooLargeError",
  "NotConnectedError",
  "ServiceUnavailableError",
  "UnauthorizedError",
];

/** rhea-promise compares the name that rhea's class has in a browser. */
const NOT_OURS = new Set(["c"]);

function comparedNames(): string[] {
  const found = [...CODE.matchAll(/constructor\.name *[!=]==? *["'](\w+)["']/g)];
  return found.flatMap(([, name]) => name ?? []).filter((name) => !NOT_OURS.has(name));
}

test("the bundles compare names of classes", () => {
  expect(new Set(comparedNames())).toEqual(new Set(["Message", "NoRetry", "Sequence"]));
});

test.each([...new Set([...comparedNames(), ...BY_TABLE])])("%s keeps its name", (name) => {
  expect(CODE).toContain(`__name(this,"${name}")`);
});
