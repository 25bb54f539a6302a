/** The steps of docs/tutorial.md run in order on the local hub, and print what the page shows. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { PageShell, type RunningScript, withoutNumbers } from "./page-shell.ts";
import { readPage, section } from "./pages.ts";

const PAGE = "docs/tutorial.md";

const HEADINGS = [...readPage(PAGE).matchAll(/^## (\d\. .+)$/gm)].map(
  ([, heading = ""]) => heading,
);

let place: PageShell;
let monitor: RunningScript;
let device: RunningScript;

beforeAll(() => {
  place = new PageShell();
});

afterAll(() => place.close());

test("the page has seven steps", () => {
  expect(HEADINGS.map((heading) => heading[0])).toEqual([..."1234567"]);
});

test("1: the identity is created", async () => {
  await runAsShown(1);
});

test("2: the monitor is attached", async () => {
  monitor = place.run(blocksOf(2, "sh")[0] ?? "");
  await monitor.waitFor("Waiting for events");
});

test("3: telemetry is confirmed, and the monitor shows it", async () => {
  await runAsShown(3);
  await monitor.waitFor("Total events received: 2");
  monitor.interrupt();
  const { code, stdout } = await monitor.ended;
  expect(code).toBe(0);
  const [shown = ""] = blocksOf(3, "text");
  expect(stripped(stdout)).toContain(stripped(shown));
});

test("4 and 5: the device receives the service's messages, and the service gets the feedback", async () => {
  device = place.run(blocksOf(4, "sh")[0] ?? "");
  await device.waitFor("Waiting for C2D messages, press Ctrl-C to exit");
  await runAsShown(5);
  await device.waitFor("Total calls received: 2");
  device.interrupt();
  const { code, stdout } = await device.ended;
  expect(code).toBe(0);
  const [shown = ""] = blocksOf(5, "text");
  expect(stripped(stdout)).toContain(stripped(shown));
});

test("6: unread messages are purged, as the feedback reports", async () => {
  const { code, stdout } = await place.run(`set -e\n${blocksOf(6, "sh")[0]}`).ended;
  expect(stdout).toContain("Purged 3 messages of MyFirstDevice.");
  expect(stdout.match(/MyFirstDevice message_\d_\w+ Purged/g)).toHaveLength(3);
  expect(code).toBe(0);
});

test("7: everything is cleaned up", async () => {
  const { code } = await place.run(`set -e\n${blocksOf(7, "sh")[0]}`).ended;
  expect(code).toBe(0);
  const status = await place.run("c2d-hub status").ended;
  expect(status.code).toBe(5);
});

/** Runs a step's command and compares its output with the page. */
async function runAsShown(step: number): Promise<void> {
  const [block = ""] = blocksOf(step, "console");
  const [command = "", ...shown] = block.split("\n");
  const { code, stdout } = await place.run(command.replace(/^\$ /, "")).ended;
  expect(withoutNumbers(stdout.trim())).toBe(withoutNumbers(shown.join("\n").trim()));
  expect(code).toBe(0);
}

function blocksOf(step: number, language: string): string[] {
  const text = section(PAGE, HEADINGS[step - 1] ?? "");
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(
    ([, code = ""]) => code,
  );
}

/** Also times of day and wind speeds. */
function stripped(output: string): string {
  return withoutNumbers(output)
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replace(/"windSpeed":\d+\.\d+/g, '"windSpeed":WIND')
    .replace(/^( +to: ).*$/gm, "$1…")
    .trim();
}
