/** `c2d-hub monitor-events` with a blocked reader while the hub discards events. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseLines } from "../../support/run-command.ts";
import { StartedHub } from "../../support/started-hub.ts";

let hub: StartedHub;

beforeEach(async () => {
  hub = await StartedHub.start();
});

afterEach(() => hub.stop());

test("a blocked reader loses events, and gets a report of how many", async () => {
  const started = hub.spawn("c2d-hub", "monitor-events", "-o", "json");
  await started.waitFor("stdout", '"type":"ready"');
  started.readers.stdout.pause();
  writeFileSync(join(hub.directory, "big"), Buffer.alloc(250_000, "x"));
  const args = ["--dfp", "big", "-c", "300", "--interval", "0", "--message-timeout", "10m"];
  expect((await hub.run("c2d-device", "telemetry", ...args)).code).toBe(0);
  started.readers.stdout.resume();
  await started.waitFor("stdout", '"type":"gap"');
  started.interrupt();
  const { code, stdout, stderr } = await started.ended;
  expect(code).toBe(0);
  const gaps = parseLines(stdout).filter(({ type }) => type === "gap");
  const missing = gaps.reduce((sum, gap) => sum + Number(gap.missing), 0);
  expect(gaps[0]).toMatchObject({ partitionId: expect.stringMatching(/^\d$/) });
  expect(stderr).toContain(`warning: ${missing} events not shown`);
});
