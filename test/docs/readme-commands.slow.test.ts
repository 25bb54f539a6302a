/**
 * README's blocks are run as they stand, from top to bottom, as one reader would: what one leaves behind,
 * the next one finds. Of the commands within the text of any page, the sends are run with `--dry-run`.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseLines, run } from "../cli/support/run-executable.ts";
import { PageShell, type RunningScript } from "./page-shell.ts";
import { codeBlocks, PAGES, ROOT, section, shownCommands } from "./pages.ts";

let place: PageShell;
let hub: RunningScript;

beforeAll(() => {
  place = new PageShell();
});

afterAll(() => place.close());

test("quick start: two terminals, two messages", async () => {
  const [listenBlock = "", sendBlock = ""] = blocksOf("Quick start");
  expect(listenBlock).toContain("c2d-device listen");
  const listening = place.run(listenBlock);
  const sent = await place.run(sendBlock).ended;
  expect(sent.stdout).toContain("Summary: 2 sent, 2 success");
  expect(sent.code).toBe(0);
  await listening.waitFor("Total calls received: 2");
  listening.interrupt();
  expect((await listening.ended).code).toBe(0);
});

test("your own code: the hub's variables and the program work", async () => {
  const [startBlock = "", evalLine = ""] = blocksOf("Your own code against the local hub");
  hub = place.run(startBlock);
  await hub.waitFor("Local hub ready");
  const [program = ""] = codeBlocks("README.md", ["js"]);
  const use = `${program}client.open().then(() => client.close()).then(() => console.log("open"));`;
  const { code, stdout } = await place.run(`${evalLine}node -e '${use}'`).ended;
  expect(stdout).toBe("open\n");
  expect(code).toBe(0);
});

test("against Azure: the commands work with the local hub's connection strings", async () => {
  const { stdout } = await run("c2d-hub", ["env", "--format", "json"], place.options);
  const variables = JSON.parse(stdout) as Record<string, string>;
  const [block = ""] = blocksOf("Against Azure");
  const exports = block.split("\n").filter((line) => line.startsWith("export "));
  expect(exports.map((line) => line.split(/[ =]/)[1])).toEqual([
    "IOTHUB_DEVICE_CONNECTION_STRING",
    "IOTHUB_CONNECTION_STRING",
  ]);
  const [listenLine = "", sendLine = ""] = block
    .split("\n")
    .filter((line) => line.startsWith("c2d-"));
  const listening = place.run(listenLine, variables);
  const sent = await place.run(sendLine.replace("<device>", "device1"), variables).ended;
  expect(sent.stdout).toMatch(/^Summary: 2 sent, 2 success/m);
  expect(sent.code).toBe(0);
  listening.interrupt();
  expect((await listening.ended).code).toBe(0);
});

test("the CI smoke test passes and gets the message", async () => {
  const [block = ""] = blocksOf("CI smoke test");
  const { code } = await place.run(`set -e\n${block}`).ended;
  expect(code).toBe(0);
  const received = parseLines(readFileSync(join(place.directory, "received.ndjson"), "utf8"));
  expect(received.at(-1)).toMatchObject({ type: "message", body: '{"smoke":true}' });
});

test("Ctrl-C stops the hub in its terminal", async () => {
  hub.interrupt();
  expect((await hub.ended).code).toBe(0);
});

test.each(["README.md", "docs/library.md"])("the library example in %s runs", async (page) => {
  const [program = ""] = codeBlocks(page, ["ts"]);
  expect(program).toContain("startLocalHub(");
  const { code, stderr } = await place.run(
    `cd '${ROOT}' && node --input-type=module --eval '${program.replaceAll("'", "'\\''")}'`,
  ).ended;
  expect(stderr).toBe("");
  expect(code).toBe(0);
});

// Without a hub: the c2d-send commands of the pages are valid, including their quotes.
const SENDS = PAGES.flatMap(shownCommands).filter(
  (command) => /^c2d-send .*--?\w/.test(command) && !/[…$]/.test(command),
);

test.each([...new Set(SENDS)])("%s", async (command) => {
  const withoutFiles = command.replace(/--(data-file-path|dfp|device-file|from|ca|dotenv) \S+/, "");
  const { code, stderr } = await place.run(`${withoutFiles} --dry-run`, { C2D_LOCAL: "1" }).ended;
  expect(stderr).not.toContain("error:");
  expect(code).toBe(0);
});

function blocksOf(heading: string): readonly string[] {
  const blocks = section("README.md", heading).matchAll(/^```sh\n([\s\S]*?)^```$/gm);
  return [...blocks].map(([, code = ""]) => code);
}
