/** `--settle abandon` on a local hub whose locks are shorter than Azure's. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { parseLines } from "../../support/run-command.ts";
import { StartedHub } from "../../support/started-hub.ts";

let hub: StartedHub;

beforeAll(async () => {
  hub = await StartedHub.start("--lock-timeout", "5s");
});

afterAll(() => hub.stop());

test("it stops before the hub's own lock expires", async () => {
  await hub.run("c2d-send", "--mid", "m1");
  const args = ["listen", "--transport", "amqp", "--settle", "abandon", "-o", "json"] as const;
  const { code, stdout, stderr } = await hub.run("c2d-device", ...args);
  expect(stderr).toContain("the lock of the first message is about to expire");
  expect(parseLines(stdout)).toMatchObject([{ type: "ready" }, { messageId: "m1" }]);
  expect(code).toBe(0);
});
