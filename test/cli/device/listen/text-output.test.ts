/** The complete text output of `listen`. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { StartedHub } from "../../support/started-hub.ts";

let hub: StartedHub;

beforeAll(async () => {
  hub = await StartedHub.start();
});

afterAll(() => hub.stop());

/** Checks the output of two messages, with the total of the last run. */
function expectText(text: string, total: number): void {
  const lines = text.split("\n");
  expect(lines[0]).toBe("Message received:");
  expect(lines.slice(-2)).toEqual([`Total calls received: ${total}`, ""]);
  expect(text).toContain("Total calls received: 1\n\nMessage received:\n");
  expect(text.match(/\n\n/g)).toHaveLength(1);
}

test("an empty line separates messages, but does not come first, and the total comes last", async () => {
  await hub.send("--count", "2");
  const { code, stdout } = await hub.run("c2d-device", "listen", "--count", "2");
  expect(code).toBe(0);
  expectText(stdout, 2);
});

test("an appended file has an empty line between two runs", async () => {
  const file = join(hub.directory, "messages.txt");
  for (let run = 0; run < 2; run++) {
    await hub.send();
    const args = ["listen", "--count", "1", "--output-file", file];
    expect((await hub.run("c2d-device", ...args)).code).toBe(0);
  }
  expectText(readFileSync(file, "utf8"), 1);
});
