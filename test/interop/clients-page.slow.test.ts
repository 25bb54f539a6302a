/** Runs the commands in docs/clients.md unchanged. */

import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { codeBlocks, ROOT, readPage } from "../docs/pages.ts";
import { readEvents } from "./support/event-reader.ts";
import { hasProgram } from "./support/external-program.ts";
import { type InteropHub, startProgram } from "./support/interop-hub.ts";
import { canHaveStandardPorts, startStandardHub } from "./support/standard-ports.ts";

const PAGE = "docs/clients.md";

const PROGRAMS = [
  { name: "mosquitto_pub", aptPackage: "mosquitto-clients" },
  { name: "curl", aptPackage: "curl" },
];

const canRun =
  PROGRAMS.map((program) => hasProgram(program.name, program)).every(Boolean) &&
  (await canHaveStandardPorts());

/** Runs the whole page in one shell, up to the first command that fails. */
function runPage(interop: InteropHub): ReturnType<typeof startProgram> {
  const blocks = codeBlocks(PAGE, ["sh"]).join("\n");
  const script = `set -e\n${blocks.replaceAll("localhost", interop.endpoint.host)}`;
  const bin = join(interop.directory, "bin");
  mkdirSync(bin);
  for (const name of ["c2d-hub", "c2d-send"]) {
    symlinkSync(join(ROOT, "bin", `${name}.js`), join(bin, name));
  }
  const variables = { C2D_HOME: interop.directory, PATH: `${bin}:${process.env.PATH}` };
  // The page's first command sets the rest.
  return startProgram("sh", ["-c", script], { ...interop, env: variables });
}

describe.skipIf(!canRun)(PAGE, () => {
  test("has commands that send and receive", async () => {
    const interop = await startStandardHub();
    const { code, stdout, stderr } = await runPage(interop).ended;
    expect(code, stderr).toBe(0);
    // Once by mosquitto_sub, once by curl.
    expect(stdout.match(/^hello$/gm)).toHaveLength(2);
    expect(await readEvents(interop, 2)).toMatchObject([
      { contentType: "application/json", body: '{"windSpeed":12.5}' },
      { contentType: "application/json", body: '{"windSpeed":12.5}' },
    ]);
  });
});

test("names tests that exist", () => {
  const named = readPage(PAGE).match(/\btest\/[\w/-]+(?:\.slow)?\.test\.ts\b/g) ?? [];
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});
