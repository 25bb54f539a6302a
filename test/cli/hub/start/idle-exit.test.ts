/** `c2d-hub start --idle-exit`; when a hub counts as idle is tested with the hub (test/hub/local-hub.test.ts). */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { StartedHub } from "../../support/started-hub.ts";

test("an idle hub stops and removes hub.json", async () => {
  const hub = await StartedHub.start("--idle-exit", "300ms");
  expect((await hub.ended).code).toBe(0);
  expect(existsSync(join(hub.directory, "home", "hub.json"))).toBe(false);
  await hub.stop();
});
