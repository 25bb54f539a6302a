/** No file uses internals of a package that it has not declared. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Internals, type Members } from "../../src/dependencies/internals.ts";

const ROOT = join(import.meta.dirname, "../../src");

const SOURCES = readdirSync(ROOT, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => [file, readFileSync(join(ROOT, file), "utf8")] as const);

/** Of Node.js itself, whose version is not pinned; the code works without it. */
const OF_NODE = ["_parent"];

/**
 * Number of values per file that are passed to a package, or decoded by it, beyond its types; and of
 * those packed field by field.
 */
const CASTS: Readonly<Record<string, number>> = {
  "client/sdk/event-hubs/event-hubs-client.ts": 1,
  "client/sdk/iothub/registry.ts": 1,
  "client/sdk/iothub/service-client.ts": 1,
  "hub/amqp/event-messages.ts": 1,
  "hub/amqp/frame-stream.ts": 1,
  "hub/amqp/ids.ts": 1,
  "hub/amqp/message-fields.ts": 1,
  "hub/amqp/nodes/event-management.ts": 1,
  "hub/amqp/rhea/send-message.ts": 1,
  "hub/listener/handshakes.ts": 1,
  "hub/model/packed-event.ts": 2,
};

function namesIn(members: Members): string[] {
  return Object.entries(members).flatMap(([name, need]) => [
    name,
    ...(Object.getPrototypeOf(need) === Object.prototype ? namesIn(need as Members) : []),
  ]);
}

test("every member with an underscore is declared", async () => {
  for (const [file, text] of SOURCES) {
    if (text.includes("dependencies/internals.ts")) await import(join(ROOT, file));
  }
  const declared = Internals.declared.flatMap(({ members }) => namesIn(members));
  const used = SOURCES.flatMap(([, text]) =>
    [...text.matchAll(/(?:\.|\{ )(_[a-z]\w+)|, (_[a-z]\w+):/gi)].map(
      ([, first, later]) => first ?? later ?? "",
    ),
  );
  expect(new Set(used).size).toBeGreaterThan(15);
  expect([...new Set(used)].filter((name) => ![...declared, ...OF_NODE].includes(name))).toEqual(
    [],
  );
});

test("no object is cast to an unrelated type, except in known places", () => {
  const casts = SOURCES.map(([file, text]) => [
    file,
    [...text.matchAll(/\bas unknown as\b|\bas never\b|\bReflect\.|\bas any\b(?! \w)/g)].length,
  ]).filter(([, count]) => count !== 0);
  expect(Object.fromEntries(casts)).toEqual(CASTS);
});
