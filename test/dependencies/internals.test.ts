/** The declared internals of third-party packages: they exist, and a missing one is reported by name. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { IncompatiblePackage } from "../../src/dependencies/incompatible-package.ts";
import { Internals } from "../../src/dependencies/internals.ts";
import type { LocalHub } from "../../src/hub/local-hub.ts";
import { uncaughtDuring } from "../support/uncaught.ts";
import { type Mutation, mutate, mutationsOf } from "./support/changed.ts";

const ROOT = join(import.meta.dirname, "../..");
const SOURCES = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => ({ file, text: readFileSync(join(ROOT, "src", file), "utf8") }));

type Declaration = Internals<unknown>;

/** The results of each declaration's mutations on an object of the installed package. */
const outcomes = new Map<Declaration, Map<string, unknown>>();
/** The declarations used so far. */
const seen = new Set<Declaration>();
/** The declaration whose package counts as changed. */
let changed: Declaration | undefined;
let isProbing = false;

const { of: check } = Internals.prototype;
vi.spyOn(Internals.prototype, "of").mockImplementation(function (this: Declaration, value) {
  if (this === changed) throw this.fault("", "has changed");
  const object = check.call(this, value);
  if (isProbing) return object;
  seen.add(this);
  isProbing = true;
  if (!outcomes.has(this)) outcomes.set(this, probe(this, value as object));
  isProbing = false;
  return object;
});

vi.spyOn(Internals.prototype, "ofClass").mockImplementation(function (this: Declaration, value) {
  return this.of(value);
});

// Some are checked on import.
for (const { file, text } of SOURCES) {
  const declares = /^import .*\binternals\b.*dependencies\/internals/ms.test(text);
  if (declares) await import(join(ROOT, "src", file));
}
const { FLOWS, startHub } = await import("./support/flows.ts");

const DECLARED = Internals.declared.map((declaration) => ({
  declaration,
  name: `${declaration.path.join(" > ")}: ${declaration.object} {${Object.keys(declaration.members)}}`,
}));

/** The declarations that each flow uses. */
const uses = new Map<string, Set<Declaration>>();
let hub: LocalHub;

function keyOf({ path, change }: Mutation): string {
  return `${path.join(".")} ${change}`;
}

/** The error for each mutation of this object; undefined where none is thrown. */
function probe(declaration: Declaration, object: object): Map<string, unknown> {
  return new Map(
    mutationsOf(declaration.members).map((mutation) => {
      try {
        check.call(declaration, mutate(object, mutation));
        return [keyOf(mutation), undefined];
      } catch (error) {
        return [keyOf(mutation), error];
      }
    }),
  );
}

beforeAll(async () => {
  hub = await startHub();
  for (const [name, run] of Object.entries(FLOWS)) {
    seen.clear();
    await run(hub);
    uses.set(name, new Set(seen));
  }
});

afterAll(() => hub.stop());

describe("with the installed packages", () => {
  it.each(DECLARED)("the declaration of $name is satisfied", ({ declaration }) => {
    expect(outcomes.has(declaration)).toBe(true);
  });
});

describe.each(DECLARED)("$name", ({ declaration }) => {
  it.each(mutationsOf(declaration.members).map((mutation) => [keyOf(mutation), mutation] as const))(
    "%s",
    (key, { path }) => {
      const error = outcomes.get(declaration)?.get(key);
      expect(error).toBeInstanceOf(IncompatiblePackage);
      expect(error).toMatchObject({
        name: "IncompatiblePackage",
        package: declaration.path.at(-1),
        version: versionAt(declaration),
        member: [declaration.object, ...path].join("."),
        hint: expect.stringContaining("npm ci"),
      });
      const { message, version, member } = error as IncompatiblePackage;
      expect(message).toContain(`${declaration.path.at(-1)} ${version}`);
      expect(message).toContain(member);
    },
  );
});

/** The error is never swallowed, and never uncaught. */
describe.each(Object.keys(FLOWS))("%s, with a changed package", (flow) => {
  it("fails with IncompatiblePackage, whatever has changed", async () => {
    const isOfHub = flow === "hub";
    const used = [...(uses.get(flow) ?? [])].filter(({ path }) => (path[0] === "rhea") === isOfHub);
    expect(used.length).toBeGreaterThan(0);
    const uncaught = await uncaughtDuring(async () => {
      for (const declaration of used) {
        changed = declaration;
        const run = FLOWS[flow]?.(hub) ?? Promise.resolve();
        const error: unknown = await run.then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        changed = undefined;
        expect(error, String(declaration.path) + declaration.object).toMatchObject({
          name: "IncompatiblePackage",
          message: expect.stringContaining(`${declaration.object} has changed`),
        });
      }
    });
    expect(uncaught).toEqual([]);
  });
});

/** As installed: inside the package that uses it, or above. */
function versionAt({ path }: Declaration): string {
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, { readonly version: string }>>;
  };
  let place = "";
  for (const name of path) {
    const inside = `${place}/node_modules/${name}`.replace(/^\//, "");
    place = inside in lock.packages ? inside : `node_modules/${name}`;
  }
  return lock.packages[place]?.version ?? "";
}
