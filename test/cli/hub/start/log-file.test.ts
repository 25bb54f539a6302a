import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { LogFile } from "../../../../src/cli/hub/start/log-file.ts";
import { temporaryDirectory } from "../../../support/local-hub.ts";

const MAX_BYTES = 1000;

let directory: string;
let path: string;

beforeEach(() => {
  directory = temporaryDirectory();
  path = join(directory, "hub.log");
});

test("is bounded to the current file and one old file", () => {
  const log = new LogFile(path, MAX_BYTES);
  for (let n = 0; n < 1000; n++) log.write([`line ${n} with bytes beyond ASCII: äöü €`]);
  expect(readdirSync(directory).sort()).toEqual(["hub.log", "hub.log.1"]);
  for (const name of readdirSync(directory)) {
    expect(statSync(join(directory, name)).size).toBeLessThanOrEqual(MAX_BYTES);
  }
  expect(readFileSync(path, "utf8")).toContain("line 999 ");
});

test("is bounded as well when many lines come at once", () => {
  const lines = Array.from({ length: 1000 }, (_, n) => `line ${n}`);
  new LogFile(path, MAX_BYTES).write(lines);
  for (const name of ["hub.log", "hub.log.1"]) {
    expect(statSync(join(directory, name)).size).toBeLessThanOrEqual(MAX_BYTES);
  }
  expect(readFileSync(path, "utf8")).toMatch(/line 999\n$/);
});

test("counts the bytes left by an earlier hub", () => {
  new LogFile(path, MAX_BYTES).write(["x".repeat(900)]);
  new LogFile(path, MAX_BYTES).write(["y".repeat(200)]);
  expect(readFileSync(path, "utf8")).toBe(`${"y".repeat(200)}\n`);
  expect(readFileSync(`${path}.1`, "utf8")).toBe(`${"x".repeat(900)}\n`);
});

test("is readable only by its owner, and a missing directory is ignored", () => {
  new LogFile(path).write(["hello"]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  new LogFile(join(directory, "missing", "hub.log")).write(["nobody reads this"]);
});
